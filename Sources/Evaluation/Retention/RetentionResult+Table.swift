extension RetentionResult {
    /// A line for each task, and their mean.
    package var table: TextTable {
        var table = TextTable(
            "General tasks (%)",
            columns: [
                "Task", "Prompts", "Before", "After", "Answered: before", "After", "Same", "Cut",
            ])
        for task in tasks {
            table.rows.append([
                task.task.title, Figure.count(task.items), Figure.percent(task.before.overall),
                Figure.percent(task.after?.overall), Figure.percent(task.before.ofAnswered),
                Figure.percent(task.after?.ofAnswered), Figure.percent(task.agreement),
                Figure.count(task.cutPrompts),
            ])
        }
        table.rows.append([
            "Mean of \(tasks.count)", Figure.count(tasks.reduce(0) { $0 + $1.items }),
            Figure.percent(before), Figure.percent(after), "", "", Figure.percent(agreement),
            Figure.count(tasks.reduce(0) { $0 + $1.cutPrompts }),
        ])
        return table
    }

    /// The table and what its columns mean, for a terminal.
    package var plain: String {
        """
        \(table.plain)
        Before and after the edits, over all items; Answered: over those answered with one of the two
        words asked for; Same: continuations identical to the unedited model's; Cut: prompts longer
        than the model's context.
        """
    }
}
