/// Whether what `live` counts grows with every round of `body`.
///
/// Other tests run beside this one and make and free things of their own, so one difference says
/// nothing. A leak shows in nearly every attempt, by at least one a round; the company does not.
package func isLeaking(live: () -> Int, _ body: () throws -> Void) rethrows -> Bool {
    let (attempts, rounds) = (21, 200)
    var growing = 0
    for _ in 0..<attempts {
        let before = live()
        for _ in 0..<rounds { try body() }
        if live() - before >= rounds / 2 { growing += 1 }
    }
    return growing > attempts / 2
}
