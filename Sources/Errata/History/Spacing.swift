/// Which snapshots along a chain of transactions are kept: dense near its end, sparse far from it.
///
/// After transaction i of n the snapshot is kept if i is a multiple of the largest power of two
/// that is at most n - i. That keeps about two for each doubling of the distance, and one that is
/// not kept for a chain is not for a longer one either. So taking back an edit that lies d
/// transactions back learns at most 2d of them again.
enum Spacing {
    static func isKept(_ transaction: Int, of count: Int) -> Bool {
        let distance = count - transaction
        guard distance > 0 else { return distance == 0 }
        let power = 1 << (Int.bitWidth - 1 - distance.leadingZeroBitCount)
        return transaction > 0 && transaction.isMultiple(of: power)
    }
}
