import Figures

/// How the page looks: the colours of the figures, light and dark, and few things besides.
enum StyleSheet {
    static let css = """
        :root { color-scheme: light; \(variables(\.light)) --soft: #f5f7f9; --line: #d3d9df; \
        --link: #00508f; --fill: #00508f; --danger: #a33d00; --mark: #e3eefa; }
        @media (prefers-color-scheme: dark) {
          :root { color-scheme: dark; \(variables(\.dark)) --soft: #1b2025; --line: #3a424b; \
        --link: #92c4ee; --fill: #1f6bb0; --danger: #b8500c; --mark: #1c3046; }
        }
        \(layout)
        \(words)
        \(answers)
        \(forms)
        \(tables)
        \(figures)
        \(narrow)
        """

    private static func variables(_ value: (Ink) -> String) -> String {
        Ink.allCases.map { "--\($0.rawValue): \(value($0));" }.joined(separator: " ")
    }

    private static let layout = """
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; scrollbar-gutter: stable; }
        body {
          margin: 0 auto; padding: 0 1.5rem 5rem; max-width: 66rem;
          font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Noto Sans", \
        "Liberation Sans", Arial, sans-serif;
          color: var(--text); background: var(--paper);
        }
        .skip { position: absolute; left: -100rem; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; z-index: 1; }
        .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .top {
          display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: center;
          padding: 1rem 0 0; border-bottom: 1px solid var(--grid); margin-bottom: 2.5rem;
        }
        .top .name { font-weight: 650; text-decoration: none; color: inherit; padding-bottom: 1rem; }
        .top .version { font-weight: 400; color: var(--muted); font-size: .875rem; margin-left: .375rem; }
        .top nav { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
        .top nav a { color: var(--muted); text-decoration: none; padding: .25rem 0 1rem; border-bottom: 2px solid transparent; margin-bottom: -1px; }
        .top nav a:hover { color: var(--text); }
        .top nav a[aria-current] { color: var(--text); border-bottom-color: var(--link); }
        .top .who { margin-left: auto; color: var(--muted); font-size: .875rem; display: flex; gap: .75rem; align-items: baseline; padding-bottom: 1rem; }
        .top .who form { display: flex; gap: .375rem; align-items: baseline; }
        .top .who select { width: auto; min-height: 0; padding: .0625rem .375rem; }
        .count { background: var(--mark); color: var(--text); border-radius: 1rem; padding: .0625rem .5rem; font-size: .75rem; margin-left: .25rem; }
        section { margin-top: 2.75rem; }
        .columns { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 3.5rem; }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
        """

    private static let words = """
        h1 { font-size: 1.75rem; line-height: 1.25; letter-spacing: -.015em; font-weight: 650; margin: 0 0 .5rem; text-wrap: balance; overflow-wrap: anywhere; }
        h2 { font-size: 1.0625rem; line-height: 1.3; font-weight: 650; margin: 0 0 .875rem; }
        p { margin: 0 0 1rem; max-width: 68ch; }
        a { color: var(--link); text-underline-offset: .2em; text-decoration-thickness: 1px; }
        .lead, .empty, .hint, .way { color: var(--muted); }
        .lead { margin-bottom: 2rem; }
        .hint { font-size: .875rem; margin: .25rem 0 0; }
        .way { font-size: .875rem; margin-bottom: .5rem; }
        .reason { font-style: italic; }
        dl { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: .5rem 1.5rem; margin: 0; }
        dt { color: var(--muted); }
        dd { margin: 0; overflow-wrap: anywhere; }
        dd ul { margin: 0; padding: 0; list-style: none; }
        dl.numbers { display: flex; flex-wrap: wrap; gap: 1.25rem 3rem; margin-bottom: 2.5rem; }
        .numbers dt { font-size: .875rem; }
        .numbers dd { font-size: 1.5rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
        code { font-family: ui-monospace, SFMono-Regular, Menlo, "Liberation Mono", monospace; font-size: .875em; }
        .message { background: var(--soft); border-left: 4px solid var(--green); padding: .75rem 1rem; margin: 0 0 2rem; border-radius: 0 .375rem .375rem 0; }
        .message.fault { border-left-color: var(--vermillion); }
        .message > :last-child { margin-bottom: 0; }
        .failures { font-size: .875rem; padding-left: 1.25rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
        """

    private static let answers = """
        .said { font-size: 1.25rem; line-height: 1.4; overflow-wrap: anywhere; white-space: pre-wrap; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1rem; }
        .pair > div { background: var(--soft); padding: 1rem 1.25rem 1.25rem; border-radius: .5rem; border-top: 3px solid var(--line); }
        .pair > .edited { border-top-color: var(--green); }
        .pair h3 { margin: 0 0 .375rem; font-size: .875rem; font-weight: 400; color: var(--muted); }
        .state { display: inline-flex; align-items: baseline; gap: .4375rem; }
        .state::before { content: ""; flex: none; width: .5625rem; height: .5625rem; border-radius: 50%; border: 2px solid var(--grey); }
        .state.live::before { background: var(--green); border-color: var(--green); }
        .state.pending::before { background: var(--orange); border-color: var(--orange); }
        .state.rejected::before { background: var(--vermillion); border-color: var(--vermillion); border-radius: 1px; }
        .story { list-style: none; margin: 0; padding: 0; }
        .story li { padding: 0 0 1.5rem 1.5rem; border-left: 2px solid var(--grid); position: relative; }
        .story li:last-child { border-left-color: transparent; padding-bottom: 0; }
        .story li::before { content: ""; position: absolute; left: -.375rem; top: .4375rem; width: .625rem; height: .625rem; border-radius: 50%; background: var(--grey); }
        .story li:last-child::before { background: var(--link); }
        .story strong { font-weight: 600; }
        .story .hint { display: block; margin: 0; }
        .story p { margin: .125rem 0 0; }
        .card { border: 1px solid var(--grid); border-radius: .625rem; padding: 1.25rem 1.5rem 1.5rem; margin: 0 0 1.5rem; }
        .card h2 { margin: 0; }
        .card .reason { margin: .75rem 0 0; }
        """

    private static let forms = """
        form { margin: 0; }
        label { display: block; font-size: .875rem; margin-bottom: .3125rem; }
        input, textarea, select, button { font: inherit; color: inherit; }
        input[type="text"], input[type="search"], input[type="password"], textarea, select {
          width: 100%; min-height: 2.625rem; padding: .4375rem .75rem; background: var(--paper);
          border: 1px solid var(--grey); border-radius: .375rem;
        }
        textarea { resize: vertical; display: block; line-height: 1.5; }
        .field { margin-bottom: 1.25rem; max-width: 42rem; }
        .field.wide { max-width: none; margin-bottom: 1rem; }
        .row { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; }
        .row > .grow { flex: 1 1 16rem; }
        .row > .small { flex: 0 1 11rem; }
        .row > .middle { flex: 0 1 14rem; }
        .clear { padding: .5rem 0; }
        .check label { display: inline; font-size: 1rem; }
        details { margin: 0 0 1.25rem; }
        summary { cursor: pointer; color: var(--link); margin-bottom: .75rem; width: fit-content; }
        button, .button {
          display: inline-block; min-height: 2.625rem; padding: .4375rem 1.125rem; border-radius: .375rem; cursor: pointer;
          border: 1px solid var(--grey); background: var(--paper); color: var(--text); text-decoration: none; line-height: 1.5;
        }
        button:hover, .button:hover { background: var(--soft); }
        button.main { background: var(--fill); border-color: var(--fill); color: #fff; }
        button.grave { background: var(--danger); border-color: var(--danger); color: #fff; }
        button.main:hover, button.grave:hover { filter: brightness(1.1); }
        button[aria-busy] { opacity: .6; cursor: progress; }
        button.plain { min-height: 0; border: 0; padding: 0; background: none; color: var(--link); text-decoration: underline; text-underline-offset: .2em; }
        .actions { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin-top: 1.25rem; }
        """

    private static let tables = """
        .scroll { overflow-x: auto; margin: 1.5rem 0 1rem; }
        table { border-collapse: collapse; width: 100%; font-size: .9375rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .625rem 1.25rem .625rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; overflow-wrap: break-word; }
        th:last-child, td:last-child { padding-right: 0; }
        thead th { font-weight: 400; font-size: .8125rem; color: var(--muted); border-bottom-color: var(--line); padding-top: 0; white-space: nowrap; }
        tbody th { font-weight: 400; min-width: 12rem; }
        tbody tr:hover { background: var(--soft); }
        td.number, th.number { text-align: right; white-space: nowrap; }
        td.when, td .state { white-space: nowrap; }
        td.when { color: var(--muted); }
        .card .scroll { margin-top: 1rem; }
        .card tbody tr:hover, .message tbody tr:hover { background: none; }
        .pages { display: flex; gap: 1.5rem; }
        """

    private static let figures = """
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 2.5rem; }
        figure { margin: 0; min-width: 0; overflow-x: auto; }
        figure svg { display: block; width: 100%; height: auto; min-width: 26rem; }
        """

    private static let narrow = """
        @media (max-width: 44rem) {
          body { padding: 0 1rem 4rem; }
          .top { gap: 0 1.25rem; padding-top: .75rem; margin-bottom: 1.75rem; }
          .top .name { padding-bottom: .5rem; }
          .top nav { order: 3; width: 100%; gap: 0 .875rem; font-size: .875rem; }
          .count { padding: 0 .375rem; margin-left: 0; }
          .top nav a { padding-bottom: .75rem; }
          .top .who { padding-bottom: .5rem; }
          .columns { grid-template-columns: minmax(0, 1fr); }
          dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
          dl dd { margin-bottom: .75rem; }
          .extra { display: none; }
          th, td { padding-right: .75rem; }
          tbody th { min-width: 6rem; }
          thead th { white-space: normal; }
          .row > .grow, .row > .middle { flex: 1 1 100%; }
          .row > .small { flex: 1 1 8rem; }
          .card { padding: 1rem 1rem 1.25rem; }
        }
        @media (prefers-reduced-motion: no-preference) {
          button, .button, .top nav a { transition: background-color .12s, border-color .12s, color .12s; }
        }
        """
}
