import Edits
import Errata

/// One page of the server: what stands around every view.
struct PageFrame: Sendable {
    let settings: ServerSettings
    let visitor: Visitor
    let formToken: String
    /// The model that is looked at, and what its log says.
    let tenant: Tenant?
    let ledger: Ledger?
    /// The tenants whose models may be looked at instead.
    let tenants: [String]
    /// What is said of the last action.
    let done: Done?

    /// The parts of the page that are always one step away.
    enum Place: String, CaseIterable {
        case corrections = "Corrections"
        case ask = "Ask"
        case propose = "Propose"
        case waiting = "Waiting"
        case traffic = "Traffic"

        fileprivate var path: String {
            self == .corrections ? "/" : "/page/\(rawValue.lowercased())"
        }
    }

    /// What was done before a page is shown. A word in the address, so it can say nothing else.
    enum Done: String {
        case taught, unchanged, proposed, approved, declined, undone
        case signedOut = "signed-out"

        fileprivate var sentence: String {
            switch self {
            case .taught: "The correction is live."
            case .unchanged: "Nothing had to be learned: the log says the same already."
            case .proposed: "It is proposed, and waits for somebody’s approval."
            case .approved: "It is approved, and live."
            case .declined: "It is turned down."
            case .undone: "That is done: from now on the model answers accordingly."
            case .signedOut: "You are signed out."
            }
        }
    }

    /// A whole document.
    ///
    /// - Parameter place: which part of the navigation it belongs to.
    func document(_ title: String, at place: Place? = nil, _ content: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) · \(settings.modelName)</title>
        <link rel="stylesheet" href="/page/style.css">
        <link rel="icon" href="/page/icon.svg" type="image/svg+xml">
        <script src="/page/script.js" defer></script>
        </head>
        <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top">
        <a class="name" href="/">\(settings.modelName)\(version)</a>
        \(navigation(place))
        \(identity)
        </header>
        <main id="content">
        \(message)
        \(content)
        <p id="status" class="hint" role="status" aria-live="polite"></p>
        </main>
        </body>
        </html>
        """
    }

    private var message: HTML? {
        done.map { "<p class=\"message\" role=\"status\">\($0.sentence)</p>" }
    }

    private var version: HTML? {
        guard visitor.isKnown, let tenant else { return nil }
        return " <span class=\"version\">version \(tenant.versions.current.name)</span>"
    }

    private func navigation(_ place: Place?) -> HTML {
        guard visitor.isKnown else { return .nothing }
        let links = Place.allCases.filter(isShown).map { link -> HTML in
            let mark = HTML.flag("aria-current=\"page\"", link == place)
            return "<a href=\"\(link.path)\"\(mark)>\(link.rawValue)\(count(at: link))</a>"
        }
        return "<nav aria-label=\"Pages\">\(links)</nav>"
    }

    private func isShown(_ place: Place) -> Bool {
        switch place {
        case .ask: true
        case .propose: mayPropose
        case .corrections, .waiting, .traffic: visitor.reads
        }
    }

    /// How much waits for a decision.
    private func count(at place: Place) -> HTML? {
        guard place == .waiting, let waiting = ledger?.waiting.count, waiting > 0 else {
            return nil
        }
        return " <span class=\"count\">\(waiting)</span>"
    }

    private var identity: HTML {
        let mode: HTML = settings.isReadOnly ? "<span>read only</span>" : .nothing
        let name = visitor.caller.name.map { name -> HTML in
            // Who chooses a tenant is not of it.
            let tenant = visitor.mayCross ? nil : visitor.caller.tenant.map { " of \($0)" }
            return """
                <span>\(name)\(tenant ?? "")</span>
                <form method="post" action="/page/sign-out">\(formField)\
                <button class="plain">Sign out</button></form>
                """
        }
        return "<div class=\"who\">\(mode)\(choice)\(name)</div>"
    }

    /// Whose model is looked at, for somebody who may choose.
    private var choice: HTML? {
        guard !tenants.isEmpty else { return nil }
        let options = tenants.map { name -> HTML in
            let mark = HTML.flag("selected", name == visitor.caller.tenant)
            return "<option value=\"\(name)\"\(mark)>\(name)</option>"
        }
        return """
            <form method="post" action="/page/tenant">\(formField)\
            <select name="tenant" aria-label="Tenant"><option value="">no tenant</option>\(options)\
            </select><button class="plain">Show</button></form>
            """
    }

    /// What every form begins with.
    var formField: HTML {
        "<input type=\"hidden\" name=\"form-token\" value=\"\(formToken)\">"
    }

    func fault(_ sentence: String?) -> HTML? {
        sentence.map { "<p class=\"message fault\" role=\"alert\">\($0)</p>" }
    }

    var mayChange: Bool { !settings.isReadOnly }
    var mayPropose: Bool { mayChange && visitor.reads }
    var mayApprove: Bool { mayChange && visitor.caller.may(.approve) }
}

extension Ledger {
    /// What nobody has decided yet, the newest first.
    var waiting: [ProposedEdits] {
        proposals.values.filter { $0.decision == .open }.sorted { $0.id > $1.id }
    }
}
