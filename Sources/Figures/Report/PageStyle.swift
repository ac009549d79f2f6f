/// How a page looks.
enum PageStyle {
    /// The style sheet; the colours are those of the figures.
    static let css = """
        :root { color-scheme: light; \(Ink.variables(\.light)) }
        @media screen and (prefers-color-scheme: dark) {
        :root { color-scheme: dark; \(Ink.variables(\.dark)) }
        }
        \(layout)
        \(text)
        \(tables)
        \(figures)
        \(print)
        """

    private static let layout = """
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; }
        body {
          margin: 0 auto; padding: 3rem 1.5rem 6rem; max-width: 88rem;
          font: 1rem/1.6 \(Typography.fonts);
          color: var(--text); background: var(--paper);
        }
        main { min-width: 0; }
        nav { font-size: .875rem; margin-bottom: 2.5rem; }
        nav p { margin: 0 0 .5rem; color: var(--muted); }
        nav ol { list-style: none; margin: 0; padding: 0; }
        nav li { margin: .125rem 0; }
        nav .inner { padding-left: .75rem; color: var(--muted); }
        nav a { display: inline-block; padding: .125rem 0; color: inherit; text-decoration: none; }
        nav a:hover { text-decoration: underline; text-underline-offset: .2em; }
        @media (min-width: 70rem) {
          body { display: grid; grid-template-columns: 12rem minmax(0, 1fr); column-gap: 4rem; }
          nav { position: sticky; top: 3rem; align-self: start; }
        }
        """

    private static let text = """
        h1 {
          font-size: 2rem; line-height: 1.2; letter-spacing: -.015em; font-weight: 600;
          margin: 0 0 1rem; max-width: 24em; text-wrap: balance;
        }
        h2 {
          font-size: 1.25rem; line-height: 1.3; font-weight: 600; margin: 0 0 1rem;
          padding-top: 1.25rem; border-top: 1px solid var(--grid);
        }
        h3 { font-size: 1.125rem; line-height: 1.3; font-weight: 600; margin: 0 0 1rem; }
        p { margin: 0 0 1rem; max-width: 68ch; }
        .lead { font-size: 1.125rem; color: var(--muted); }
        .empty { color: var(--muted); }
        section { margin-top: 3rem; }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .375rem 2rem; margin: 0; }
        dt { color: var(--muted); }
        dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
        code { font: .875em/1.6 ui-monospace, "SF Mono", Menlo, "Liberation Mono", monospace; }
        :focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
        @media (max-width: 36rem) {
          dl { display: block; }
          dd { margin-bottom: .75rem; }
        }
        """

    private static let tables = """
        .scroll { overflow-x: auto; margin: 1.5rem 0 2rem; }
        table {
          border-collapse: separate; border-spacing: 0; font-size: .875rem; line-height: 1.25rem;
          font-variant-numeric: tabular-nums;
        }
        caption { text-align: left; font-weight: 600; padding: 0 0 .5rem; white-space: nowrap; }
        th, td { padding: .375rem .75rem; text-align: left; white-space: nowrap; }
        th:first-child { padding-left: 0; position: sticky; left: 0; background: var(--paper); }
        th { font-weight: 400; }
        thead th { color: var(--muted); border-bottom: 1px solid var(--grey); vertical-align: bottom; }
        tbody tr > * { border-bottom: 1px solid var(--grid); }
        tbody tr:hover > * { background: var(--grid); }
        .number { text-align: right; }
        th button {
          font: inherit; color: inherit; background: none; border: 0; padding: 0; margin: 0; cursor: pointer;
          text-align: inherit; white-space: inherit;
        }
        th button::after { content: "\\2195"; display: inline-block; width: 1em; opacity: .4; }
        th:not(.number) button::after { margin-left: .25em; }
        .number button { display: inline-flex; flex-direction: row-reverse; }
        th[aria-sort="ascending"] button::after { content: "\\2191"; opacity: 1; }
        th[aria-sort="descending"] button::after { content: "\\2193"; opacity: 1; }
        th[aria-sort] button:hover, th[aria-sort$="scending"] { color: var(--text); }
        """

    private static let figures = """
        .figures {
          display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr));
          gap: 2.5rem 3rem; margin: 1.5rem 0 2rem;
        }
        figure { margin: 0; min-width: 0; overflow-x: auto; }
        figure svg { display: block; width: 100%; min-width: 27rem; max-width: 40rem; height: auto; }
        :is(h2, h3) + .figures, :is(h2, h3) + .scroll { margin-top: 0; }
        """

    private static let print = """
        @media print {
          body { display: block; padding: 0; font-size: 10pt; }
          nav { display: none; }
          figure, tr, dl { break-inside: avoid; }
          figure svg { min-width: 0; }
          .figures { grid-template-columns: 1fr 1fr; gap: 1.5rem; }
          section { margin-top: 1.5rem; }
          h2, h3, caption { break-after: avoid; }
          .scroll { overflow: visible; }
          table { font-size: 7.5pt; }
          th, td { padding: .2rem .35rem; }
          th button::after { display: none; }
        }
        """
}
