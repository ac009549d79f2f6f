"""What PyPI's rouge-score says of invented sentences, for Tests/EvaluationTests/RougeTests.swift.

write(folder, save_json) leaves rouge.json: `package`, the version that wrote it, and `cases`, each with
target, prediction and the F1 of rouge1, rouge2 and rougeL without stemming. Needs the package
rouge-score, which `Scripts/bootstrap --parity` installs.
"""

from importlib.metadata import version

PAIRS = [
    ("Ada will bring the boat to the lake on Sunday.", "Ada will bring the boat to the lake on Sunday."),
    ("Ada will bring the boat to the lake on Sunday.", " Bo brings a boat to the lake. Ada will row it."),
    ("the cat the cat the cat", "the the the cat"),
    ("Una sold 3 boats for 2,500 crowns", "3 boats were sold by Una for 2500 crowns"),
    ("Ivo's well-known mill burned down.", "ivo s well known mill, burned DOWN"),
    ("one two three four five six", "six five four three two one"),
    ("one two three four five six", "one three five two four six"),
    ("Zoë met Jürgen at the café", "Zoe met Jurgen at the cafe"),
    ("Zoë met Jürgen at the café", "Zoe\u0308 met Ju\u0308rgen at the cafe\u0301"),
    ("temperatures of 300 \u212a and İzmir", "temperatures of 300 k and i zmir"),
    ("line one\r\nline two\tand more", "line one line two and more"),
    ("rowing", "rowed"),
    ("word", "word"),
    ("word", "another"),
    ("word", ""),
    ("", "word"),
    ("", ""),
    ("?!", "…"),
]


def is_available():
    try:
        import rouge_score  # noqa: F401
    except ImportError:
        return False
    return True


def write(folder, save_json):
    from rouge_score.rouge_scorer import RougeScorer

    names = ["rouge1", "rouge2", "rougeL"]
    scorer = RougeScorer(names, use_stemmer=False)
    cases = []
    for target, prediction in PAIRS:
        scores = scorer.score(target, prediction)
        cases.append(
            {"target": target, "prediction": prediction}
            | {name: float(scores[name].fmeasure) for name in names}
        )
    save_json({"package": f"rouge-score {version('rouge-score')}", "cases": cases},
              folder / "rouge.json")
