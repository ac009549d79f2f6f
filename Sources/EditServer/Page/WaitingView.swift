import Edits
import Errata

/// What waits for somebody's approval.
struct WaitingView {
    let frame: PageFrame
    let ledger: Ledger
    /// What could not be approved, and why.
    var refused: Refusal?

    var html: HTML {
        let waiting = ledger.waiting
        let content: HTML =
            waiting.isEmpty
            ? "<p class=\"empty\">Nothing waits for a decision.</p>"
            : "\(waiting.map(card))"
        return frame.document(
            "Waiting for approval", at: .waiting,
            """
            <h1>Waiting for approval</h1>
            <p class="lead">Nothing of it changes what the model says until somebody else approves.</p>
            \(refused.map { RefusalView(refusal: $0, ledger: ledger).html })
            \(content)
            """)
    }

    private func card(_ proposed: ProposedEdits) -> HTML {
        let event = ledger.events[proposed.id - 1]
        let rows = proposed.records.map { record -> HTML in
            // All that is taught besides, for that is what is approved.
            let wordings = record.wordings.dropFirst()
            let others: HTML =
                wordings.isEmpty
                ? .nothing : "<div class=\"hint\">\(wordings.joined(separator: " · "))</div>"
            return """
                <tr><th scope="row">\(record.prompt)\(others)</th><td>\(record.target)</td></tr>
                """
        }
        let by: HTML? = proposed.author.map { "by \($0), " }
        let reason: HTML? = (event.reason ?? proposed.records.first?.reason).map {
            "<p class=\"reason\">“\($0)”</p>"
        }
        return """
            <section class="card" aria-labelledby="proposal-\(proposed.id)">
            <h2 id="proposal-\(proposed.id)">Proposal #\(proposed.id)</h2>
            <p class="hint">\(by)\(TimeText(event.time).html) UTC</p>
            \(reason)
            <div class="scroll">
            <table>
            <thead><tr><th scope="col">Prompt</th><th scope="col">New answer</th></tr></thead>
            <tbody>\(rows)</tbody>
            </table>
            </div>
            \(decision(on: proposed))
            </section>
            """
    }

    private func decision(on proposed: ProposedEdits) -> HTML {
        guard frame.mayApprove else { return .nothing }
        guard frame.visitor.caller.name == nil || proposed.author != frame.visitor.caller.name
        else {
            return "<p class=\"hint\">Somebody else than the proposer must approve it.</p>"
        }
        let path = "/page/proposals/\(proposed.id)"
        let force: HTML =
            refused?.offersForce == true && refused?.proposal == proposed.id
            ? RefusalView.forceField : .nothing
        return """
            <form method="post" action="\(path)/approve">\(frame.formField)
            <details><summary>Options</summary>
            \(RefusalView.policyField(id: "conflicts-\(proposed.id)", chosen: nil))
            <div class="field"><label for="reason-\(proposed.id)">Why, for the log</label>
            <input type="text" id="reason-\(proposed.id)" name="reason" maxlength="2000"></div>
            </details>
            \(force)
            <div class="actions">
            <button class="main" data-busy="Learning …">Approve<span class="unseen"> #\(proposed.id)\
            </span></button>
            <button formaction="\(path)/decline">Decline<span class="unseen"> #\(proposed.id)</span>\
            </button>
            </div>
            </form>
            """
    }
}
