import Edits
import Errata
import Foundation

/// The first page: what was corrected, found by words, state and author.
struct LogView {
    let frame: PageFrame
    let ledger: Ledger
    let tenant: Tenant
    let search: Search

    /// The fields of the search as they were sent.
    struct Search {
        var query = ""
        var state = ""
        var author = ""
        /// Not in the form, but in addresses.
        var tag = ""
        var limit = ""
        var isFirstPage = true
        let filter: EditFilter

        fileprivate var isEmpty: Bool {
            query.isEmpty && state.isEmpty && author.isEmpty && tag.isEmpty
        }
    }

    var html: HTML {
        frame.document(
            "Corrections", at: .corrections,
            """
            <h1>Corrections</h1>
            <p class="lead">\(lead)</p>
            \(form)
            \(table)
            """)
    }

    private var lead: String {
        let live = ledger.live.reduce(0) { $0 + $1.count }
        let undone = ledger.entries.keys.count {
            if case .undone = ledger.standing(of: $0) { true } else { false }
        }
        let all = ledger.entries.count
        guard all > 0 else { return "The model answers as it was trained." }
        return "\(live) of \(all) \(all == 1 ? "holds" : "hold") now"
            + (undone > 0 ? ", \(undone) \(undone == 1 ? "was" : "were") taken back." : ".")
    }

    private var form: HTML {
        let states = ["live", "pending", "rejected", "undone", "superseded"].map { state -> HTML in
            let mark = HTML.flag("selected", state == search.state)
            return "<option value=\"\(state)\"\(mark)>\(state)</option>"
        }
        let authors = Set(ledger.events.compactMap(\.author)).sorted().prefix(100)
        let names = authors.map { name -> HTML in "<option value=\"\(name)\"></option>" }
        let clear: HTML = search.isEmpty ? .nothing : "<a class=\"clear\" href=\"/\">Show all</a>"
        return """
            <form method="get" action="/" role="search" class="row">
            <div class="grow"><label for="query">Words of a prompt or an answer</label>
            <input type="search" id="query" name="query" value="\(search.query)"></div>
            <div class="small"><label for="state">State</label>
            <select id="state" name="state"><option value="">any</option>\(states)</select></div>
            <div class="small"><label for="author">Who</label>
            <input type="text" id="author" name="author" value="\(search.author)" list="authors">
            <datalist id="authors">\(names)</datalist></div>
            <button>Search</button>\(clear)
            </form>
            """
    }

    private var table: HTML {
        let found = search.filter.edits(in: ledger, tenant: tenant.name)
        guard let last = found.page.last else { return empty }
        let rows = found.page.map(row)
        let older: HTML? =
            found.hasMore
            ? "<a rel=\"next\" href=\"\(address(after: last.event))\">Older corrections</a>" : nil
        let newest: HTML? =
            search.isFirstPage ? nil : "<a href=\"\(address(after: nil))\">To the newest</a>"
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="Corrections, newest first">
            <table>
            <thead><tr><th scope="col">Prompt</th><th scope="col">New answer</th>\
            <th scope="col">State</th><th scope="col" class="extra">Who</th>\
            <th scope="col" class="extra">When (UTC)</th></tr></thead>
            <tbody>\(rows)</tbody>
            </table>
            </div>
            <p class="pages">\(newest)\(older)</p>
            """
    }

    private var empty: HTML {
        let way: HTML = "<a href=\"/page/propose\">Propose the first one</a>."
        return """
            <p class="empty">\(search.isEmpty ? "Nothing was corrected yet." : "Nothing was found.") \
            \(search.isEmpty && frame.mayPropose ? way : nil)</p>
            """
    }

    private func row(_ edit: EditBody) -> HTML {
        """
        <tr>
        <th scope="row"><a href="/page/edits/\(edit.event)">\(edit.record.prompt)</a></th>
        <td>\(edit.record.target)</td>
        <td><span class="state \(edit.state)">\(edit.state)</span></td>
        <td class="extra">\(edit.author ?? "–")</td>
        <td class="extra when">\(TimeText(edit.time).html)</td>
        </tr>
        """
    }

    private func address(after event: Int?) -> String {
        var parts = URLComponents()
        parts.path = "/"
        let fields = [
            ("query", search.query), ("state", search.state), ("author", search.author),
            ("tag", search.tag), ("limit", search.limit),
            ("after", event.map(String.init) ?? ""),
        ].filter { !$0.1.isEmpty }
        parts.queryItems = fields.isEmpty ? nil : fields.map(URLQueryItem.init)
        // In a query, + means a space.
        return parts.string?.replacing("+", with: "%2B") ?? "/"
    }
}

/// A time of the log, for people and for machines.
struct TimeText {
    let time: String

    init(_ time: String) { self.time = time }

    /// To the minute, in UTC as the log has it.
    var html: HTML {
        let minute = String(time.prefix(16).replacing("T", with: " "))
        return "<time datetime=\"\(time)\">\(minute)</time>"
    }
}
