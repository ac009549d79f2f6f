/// Upper case and lower case as Python maps them.
extension Text {
    func uppercased() -> Text { mapped { _, scalar in scalar.properties.uppercaseMapping } }

    func lowercased() -> Text { mapped(lowercase) }

    /// `str.capitalize`: the first scalar in title case, the others in lower case.
    func capitalized() -> Text {
        mapped { place, scalar in
            place == 0 ? scalar.properties.titlecaseMapping : lowercase(place, scalar)
        }
    }

    /// `str.title`: every letter that follows no other letter in title case.
    func titled() -> Text {
        mapped { place, scalar in
            place > 0 && scalars[place - 1].properties.isCased
                ? lowercase(place, scalar) : scalar.properties.titlecaseMapping
        }
    }

    /// The filter `title`, which begins words after white space and some signs only.
    func titledByWords() -> Text {
        let breaks = Set("-({[<".unicodeScalars)
        var result = Text()
        var word = Text()
        func titled() -> Text {
            Text(word.scalars.prefix(1)).uppercased() + Text(word.scalars.dropFirst()).lowercased()
        }
        for scalar in scalars {
            if scalar.isSpace || breaks.contains(scalar) {
                result += titled()
                word = Text()
                result.scalars.append(scalar)
            } else {
                word.scalars.append(scalar)
            }
        }
        return result + titled()
    }

    /// Whether there are cased letters, and none of the other case.
    func isAll(_ isCase: (Unicode.Scalar.Properties) -> Bool) -> Bool {
        let cased = scalars.map(\.properties).filter(\.isCased)
        return !cased.isEmpty && cased.allSatisfy(isCase)
    }

    private func mapped(_ mapping: (Int, Unicode.Scalar) -> String) -> Text {
        Text(scalars.enumerated().flatMap { mapping($0, $1).unicodeScalars })
    }

    private func lowercase(_ place: Int, _ scalar: Unicode.Scalar) -> String {
        if scalar == "Σ", isFinal(place) { return "ς" }
        return scalar.properties.lowercaseMapping
    }

    /// Whether a letter stands before this place and none after it, in the same word.
    private func isFinal(_ place: Int) -> Bool {
        func isLetter(_ scalar: Unicode.Scalar?) -> Bool { scalar?.properties.isCased ?? false }
        let before = scalars[..<place].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(place + 1)...].first { !$0.properties.isCaseIgnorable }
        return isLetter(before) && !isLetter(after)
    }
}
