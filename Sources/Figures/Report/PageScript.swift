/// What a page can do beyond being read.
enum PageScript {
    /// Makes each heading of a table a button that sorts its rows: numbers by size, words by the
    /// alphabet, cells without a number last. Without it the tables stand as they were written.
    static let sortableTables = """
        for (const table of document.querySelectorAll("table")) {
          const heads = [...table.tHead.rows[0].cells];
          const body = table.tBodies[0];
          heads.forEach((head, column) => {
            const isNumber = head.classList.contains("number");
            const button = document.createElement("button");
            button.type = "button";
            button.append(...head.childNodes);
            head.append(button);
            head.setAttribute("aria-sort", "none");
            button.addEventListener("click", () => {
              const now = head.getAttribute("aria-sort");
              const next = now === "none" ? (isNumber ? "descending" : "ascending")
                : now === "ascending" ? "descending" : "ascending";
              const sign = next === "ascending" ? 1 : -1;
              const text = row => row.cells[column].textContent;
              const number = row => parseFloat(text(row).replace(/,/g, "").replace("\\u2212", "-"));
              const compare = (a, b) => {
                if (!isNumber) return sign * text(a).localeCompare(text(b));
                const [x, y] = [number(a), number(b)];
                return isNaN(x) || isNaN(y) ? isNaN(x) - isNaN(y) : sign * (x - y);
              };
              body.append(...[...body.rows].sort(compare));
              heads.forEach(other => other.setAttribute("aria-sort", other === head ? next : "none"));
            });
          });
        }
        """
}
