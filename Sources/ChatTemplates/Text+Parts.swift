/// `strip`, `find`, `split`, `replace` and their kin.
extension Text {
    /// The ends that ``stripped(of:from:)`` works on.
    struct Ends: OptionSet {
        let rawValue: Int
        static let start = Ends(rawValue: 1)
        static let end = Ends(rawValue: 2)
        static let both: Ends = [.start, .end]
    }

    /// Without the `characters` at its ends; without white space when nil.
    func stripped(of characters: Text? = nil, from ends: Ends = .both) -> Text {
        let set = characters.map { Set($0.scalars) }
        let goes = { (scalar: Unicode.Scalar) in set?.contains(scalar) ?? scalar.isSpace }
        var rest = scalars[...]
        if ends.contains(.start) { rest = rest.drop(while: goes) }
        if ends.contains(.end) {
            while let last = rest.last, goes(last) { rest.removeLast() }
        }
        return Text(rest)
    }

    func starts(with part: Text) -> Bool { scalars.starts(with: part.scalars) }

    func ends(with part: Text) -> Bool { scalars.reversed().starts(with: part.scalars.reversed()) }

    /// Where `part` begins first, at `start` or later.
    func first(_ part: Text, from start: Int = 0) -> Int? {
        guard part.count <= count - start else { return nil }
        return (start...(count - part.count)).first { place in
            scalars[place..<(place + part.count)].elementsEqual(part.scalars)
        }
    }

    /// Where `part` stands, no two overlapping, at most `limit` of them.
    func places(of part: Text, limit: Int) -> [Int] {
        var places: [Int] = []
        var start = 0
        while places.count < limit, let place = first(part, from: start) {
            places.append(place)
            start = place + max(1, part.count)
        }
        return places
    }

    /// What stands between the ``places(of:limit:)`` of `separator`, which is not empty.
    func split(by separator: Text, limit: Int = .max) -> [Text] {
        var parts: [Text] = []
        var start = 0
        for place in places(of: separator, limit: limit) {
            parts.append(Text(scalars[start..<place]))
            start = place + separator.count
        }
        return parts + [Text(scalars[start...])]
    }

    /// The words between runs of white space; after `limit` of them, the rest as it stands.
    func words(limit: Int = .max) -> [Text] {
        var words: [Text] = []
        var rest = scalars.drop(while: \.isSpace)
        while !rest.isEmpty, words.count < limit {
            let word = rest.prefix { !$0.isSpace }
            words.append(Text(word))
            rest = rest[word.endIndex...].drop(while: \.isSpace)
        }
        return rest.isEmpty ? words : words + [Text(rest)]
    }

    /// The lines without their ends, as `splitlines` finds them.
    func lines() -> [Text] {
        var lines: [Text] = []
        var rest = scalars[...]
        while !rest.isEmpty {
            let line = rest.prefix { !Self.lineEnds.contains($0) }
            lines.append(Text(line))
            rest = rest[line.endIndex...]
            rest = rest.dropFirst(rest.starts(with: ["\r", "\n"]) ? 2 : 1)
        }
        return lines
    }

    private static let lineEnds = Set(
        "\n\r\u{0B}\u{0C}\u{1C}\u{1D}\u{1E}\u{85}\u{2028}\u{2029}".unicodeScalars)

    /// With `new` at the given places of `old`.
    func replacing(_ old: Text, at places: [Int], with new: Text) -> Text {
        var result = Text()
        var start = 0
        for place in places {
            result.scalars += scalars[start..<place] + new.scalars
            start = place + old.count
        }
        result.scalars += scalars[start...]
        return result
    }

    func reversed() -> Text { Text(scalars.reversed()) }
}

extension [Text] {
    func joined(by separator: Text) -> Text {
        Text(map(\.scalars).joined(separator: separator.scalars))
    }
}
