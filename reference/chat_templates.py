"""What transformers makes of chat templates, for Tests/ChatTemplatesTests/RecordedTests.swift.

`make_fixtures.py` writes chat-templates.json: `packages`, the versions that wrote it; `conversations`, by name; `templates`,
by name; and `cases`, each a template with a conversation, the tokens and whether the answer is to be
begun, and what came: `text`, or `refusal`, the message of `raise_exception`, or `fails` for any other
error. The templates in `published` are those of checkpoints, the ones in `rules` pin one rule each.
Needs the packages transformers and jinja2.
"""

import datetime
import importlib.util
import json
from importlib.metadata import version

from chat_templates_published import PUBLISHED
from chat_templates_rules import RULES

NOW = datetime.datetime(2024, 7, 26, 12, 0, 0)


def talk(*turns):
    return [{"role": role, "content": content} for role, content in turns]


CONVERSATIONS = {
    "plain": talk(("user", "Hello, how are you?"), ("assistant", "I'm fine."), ("user", "Good to hear!")),
    "system": talk(("system", "You are a pirate."), ("user", "Hi"), ("assistant", "Arr"), ("user", "Bye")),
    "one": talk(("user", "2+2?")),
    "system only": talk(("system", "Be brief.")),
    "answered": talk(("user", "a"), ("assistant", "b")),
    "two users": talk(("user", "a"), ("user", "b")),
    "assistant first": talk(("assistant", "a"), ("user", "b")),
    "late system": talk(("user", "a"), ("system", "b"), ("user", "c")),
    "other role": talk(("user", "a"), ("critic", "b"), ("user", "c")),
    "spaces": talk(("system", "  padded\n"), ("user", "\n\t a  b \u00a0\u3000"), ("assistant", " \x1c\x1f "), ("user", " ")),
    "unicode": talk(("user", "Zoë e\u0301 日本語 👩‍👩‍👧 İSTANBUL straße ΟΔΟΣ"), ("assistant", "ﬁ \u0085 \u2028 ǆ"), ("user", "\U0010ffff")),
    "empty": talk(("user", ""), ("assistant", ""), ("user", "")),
    "braces": talk(("system", "{{ bos_token }}"), ("user", "{% raw %}{# no #}\\n'\"</s>[INST]"), ("assistant", "<think>\nso\n</think>\n\nyes"), ("user", "\r\na\rb\n")),
    "nothing": [],
}


def is_available():
    return all(importlib.util.find_spec(name) for name in ("transformers", "jinja2"))


def render(source, conversation, bos, eos, begins):
    """The case's outcome, as the fixture holds it."""
    import jinja2
    from transformers.utils import chat_template_utils

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW

    tokens = {name: token for name, token in (("bos_token", bos), ("eos_token", eos)) if token is not None}
    before, chat_template_utils.datetime = chat_template_utils.datetime, Clock
    try:
        texts, _ = chat_template_utils.render_jinja_template(
            [conversation], chat_template=source, add_generation_prompt=begins, **tokens
        )
        text = texts[0]
        text.encode()
        # An object that prints where it lies in memory; ours does not print.
        return {"fails": True} if " at 0x" in text else {"text": text}
    except Exception as error:
        # raise_exception alone raises the class itself; its children are errors of the template.
        return {"refusal": str(error.message)} if type(error) is jinja2.TemplateError else {"fails": True}
    finally:
        chat_template_utils.datetime = before


def cases():
    """Every template with the conversations, and answers begun or not, that it can tell apart."""
    for name, source in PUBLISHED.items():
        for talk_name in CONVERSATIONS:
            # Where an answer begins can be told from two conversations.
            both = "add_generation_prompt" in source and talk_name in ("plain", "answered")
            for begins in (False, True) if both else (True,):
                yield name, source, talk_name, "<s>", "</s>", begins
    for name, source in RULES.items():
        for talk_name in ("system", "unicode", "empty") if "messages" in source else ("system",):
            yield name, source, talk_name, "<s>", None, True


def write(folder):
    recorded = []
    for name, source, talk_name, bos, eos, begins in cases():
        asked = {"template": name, "conversation": talk_name, "bos": bos, "eos": eos, "begins": begins}
        recorded.append(asked | render(source, CONVERSATIONS[talk_name], bos, eos, begins))
    packages = ", ".join(f"{name} {version(name)}" for name in ("transformers", "jinja2"))
    value = {"packages": packages, "conversations": CONVERSATIONS, "templates": PUBLISHED | RULES, "cases": recorded}
    # A line for each case.
    text = json.dumps(value, separators=(",", ":")).replace('},{"template"', '},\n{"template"')
    (folder / "chat-templates.json").write_text(text + "\n")
