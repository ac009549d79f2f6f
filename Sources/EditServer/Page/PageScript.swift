/// What is nicer with a script; nothing needs it.
enum PageScript {
    static let source = """
        // A form that learns takes a while: it says so, and cannot be sent twice.
        document.addEventListener("submit", event => {
          const form = event.target, button = event.submitter;
          if (form.method !== "post" || !button) return;
          if (form.dataset.sent) { event.preventDefault(); return; }
          form.dataset.sent = "yes";
          const status = document.getElementById("status");
          if (status && button.dataset.busy) status.textContent = button.dataset.busy;
          button.setAttribute("aria-busy", "true");
        });
        // Coming back to a page shows its forms as they were.
        addEventListener("pageshow", () => {
          for (const form of document.forms) delete form.dataset.sent;
          for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
        });
        """

    /// The sign of the page: a line that was put right.
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" \
        fill="#00508f"/><path d="M7 11h18M7 21h11" stroke="#fff" stroke-width="3" stroke-linecap="round"/>\
        <path d="M19 21l3 3 5-7" stroke="#12c48c" stroke-width="3" stroke-linecap="round" \
        stroke-linejoin="round" fill="none"/></svg>
        """
}
