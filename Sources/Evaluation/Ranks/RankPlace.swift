/// Where one of several processes stands among those that share out one run.
package struct RankPlace: Equatable, Sendable {
    /// From 0 on; rank 0 is the one that writes.
    package var rank: Int
    /// How many processes the launcher starts.
    package var count: Int
    /// The host of the store through which they speak.
    package var address: String
    /// The store's port; 0 lets rank 0's system choose, for those who can tell the others.
    package var port: Int
    /// Whether the launcher hosts the store; else rank 0 does.
    package var isStoreHosted: Bool
    /// What the store's keys start with, so that a run started again in a store that lives on finds
    /// nothing of the one before.
    package var prefix: String

    /// A place as the launcher, or a test, gives it.
    package init(
        rank: Int, count: Int, address: String, port: Int, isStoreHosted: Bool = false,
        prefix: String = "errata"
    ) {
        self.rank = rank
        self.count = count
        self.address = address
        self.port = port
        self.isStoreHosted = isStoreHosted
        self.prefix = prefix
    }
}
