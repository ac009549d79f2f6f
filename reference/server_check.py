"""Asks a running `errata serve` what people's clients ask: the packages openai and lm-eval, unchanged.

    .libtorch/python/bin/python reference/server_check.py [--binary PATH]

Starts the server on the embedded model, on a port and in a folder of its own, and checks

  - openai: models, completions, chats, streams of both, several choices, token probabilities, errors;
  - edits over HTTP: they answer at once, are found, are taken back, and an old version can still be asked;
  - lm-eval's client `local-completions`: its log-likelihoods and greedy flags against the probabilities
    that transformers' own GPT-2 gives, and what it generates against openai's.

Exits with 1 where anything differs.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import urllib.request

os.environ["HF_HUB_OFFLINE"] = "1"

import openai

import served
from served import MODEL, NAME, ROOT

# A sum of some 20 logarithms of probabilities in f32, by kernels for other sizes of batches.
TOLERANCE = 2e-3

failures = []


def expect(condition, message):
    print(f"  {'ok   ' if condition else 'WRONG'}  {message}")
    if not condition:
        failures.append(message)


def refused(kind, call, message):
    """Whether `call` fails with an error of openai's of this kind."""
    try:
        call()
    except kind as error:
        body = error.body if isinstance(error.body, dict) else {}
        expect({"message", "type", "code"} <= body.keys(), f"{message}: {body.get('message')}")
        return body
    except Exception as error:  # noqa: BLE001
        expect(False, f"{message}: {type(error).__name__}, {error}")
    else:
        expect(False, f"{message}: it was accepted")
    return {}


class Server(served.Server):
    seconds = 60

    def ended(self, status):
        expect(status == 0, "SIGTERM ends the server with 0")

    def call(self, method, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        for key, value in headers.items():
            request.add_header(key.replace("_", "-"), value)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def edits(count):
    lines = (MODEL / "edits.jsonl").read_text().splitlines()[:count]
    return [json.loads(line) for line in lines]


def check_openai(client, prompt):
    print("openai")
    names = [model.id for model in client.models.list()]
    expect(NAME in names and f"{NAME}@0" in names, f"models: {names}")
    expect(client.models.retrieve(NAME).id == NAME, "one model")
    whole = client.completions.create(model=NAME, prompt=prompt, max_tokens=8, temperature=0)
    text = whole.choices[0].text
    expect(whole.object == "text_completion" and text, f"completion: {prompt!r} → {text!r}")
    expect(whole.choices[0].finish_reason in ("stop", "length"), "finish_reason")
    expect(whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0,
           f"usage: {whole.usage.prompt_tokens} + {whole.usage.completion_tokens}")
    pieces = list(client.completions.create(
        model=NAME, prompt=prompt, max_tokens=8, temperature=0, stream=True,
        stream_options={"include_usage": True}))
    streamed = "".join(choice.text for piece in pieces for choice in piece.choices)
    expect(streamed == text, "a stream gives the same text")
    expect(pieces[-1].usage == whole.usage, "a stream ends with the usage")
    several = client.completions.create(
        model=NAME, prompt=[prompt, "The year"], n=2, max_tokens=4, temperature=0.8, seed=3)
    again = client.completions.create(
        model=NAME, prompt=[prompt, "The year"], n=2, max_tokens=4, temperature=0.8, seed=3)
    expect([c.index for c in several.choices] == [0, 1, 2, 3], "two prompts, two choices each")
    expect([c.text for c in several.choices] == [c.text for c in again.choices], "a seed repeats")
    scored = client.completions.create(
        model=NAME, prompt=prompt, max_tokens=4, temperature=0, logprobs=3, echo=True)
    probabilities = scored.choices[0].logprobs
    expect(probabilities.token_logprobs[0] is None and scored.choices[0].text.startswith(prompt),
           "echo repeats the prompt")
    expect(all(value <= 0 for value in probabilities.token_logprobs[1:]), "logarithms of probabilities")
    expect(len({len(probabilities.tokens), len(probabilities.token_logprobs),
                len(probabilities.top_logprobs), len(probabilities.text_offset)}) == 1,
           "as many of each as there are tokens")
    messages = [{"role": "user", "content": prompt}]
    chat = client.chat.completions.create(
        model=NAME, messages=messages, max_tokens=8, temperature=0, logprobs=True, top_logprobs=2)
    expect(chat.choices[0].message.content == text, "a chat of one message is a completion of it")
    expect(chat.choices[0].message.role == "assistant", "the assistant answers")
    expect(len(chat.choices[0].logprobs.content[0].top_logprobs) == 2, "a chat's probabilities")
    pieces = list(client.chat.completions.create(
        model=NAME, messages=messages, max_tokens=8, temperature=0, stream=True))
    streamed = "".join(piece.choices[0].delta.content or "" for piece in pieces)
    expect(streamed == text, "a chat's stream gives the same text")
    stop = text.strip()[1:3]
    cut = client.completions.create(model=NAME, prompt=prompt, max_tokens=8, temperature=0, stop=stop)
    expect(cut.choices[0].text == text[:text.index(stop)], f"stop at {stop!r}")
    refused(openai.NotFoundError,
            lambda: client.completions.create(model="other", prompt=prompt), "an unknown model")
    refused(openai.NotFoundError,
            lambda: client.completions.create(model=f"{NAME}@999", prompt=prompt), "an unknown version")
    refused(openai.BadRequestError,
            lambda: client.completions.create(model=NAME, prompt=prompt, temperature=3), "a temperature of 3")
    refused(openai.BadRequestError,
            lambda: client.completions.create(model=NAME, prompt="word " * 500), "a prompt too long")
    return text


def check_edits(server, client):
    print("edits")
    edit = edits(1)[0]

    def say(model=NAME):
        answer = client.completions.with_raw_response.create(
            model=model, prompt=edit["prompt"], max_tokens=8, temperature=0,
            extra_body={"errata": True})
        return answer.parse(), json.loads(answer.headers["Errata-Trace"])

    before, trace = say()
    expect(trace["decision"] == "deferred", "nothing is edited yet")
    made = server.call("POST", "/v1/edits", {"edits": [edit], "reason": "a check"}, Idempotency_Key="one")
    expect(made["state"] == "live" and made["report"]["checks"], f"live as transaction {made['transaction']}")
    again = server.call("POST", "/v1/edits", {"edits": [edit]}, Idempotency_Key="one")
    expect(again["repeated"] and again["transaction"] == made["transaction"], "sent twice it is done once")
    after, trace = say()
    expect(after.choices[0].text.strip() == edit["target"], f"{edit['prompt']} → {edit['target']}")
    expect(trace["decision"] == "edited" and trace["nearestEdit"] == edit["id"], "the trace names the edit")
    expect(after.model.split(".")[0] == f"{NAME}@{trace['version']}", f"the answer names its version, {after.model}")
    expect(after.choices[0].model_extra["errata"] == trace, "the field has the same trace")
    old, _ = say(before.model)
    expect(old.choices[0].text == before.choices[0].text, f"{before.model} can still be asked")
    told = server.call("POST", "/v1/explain", {"prompt": edit["prompt"]})
    expect(told["changed"] and told["edit"]["id"] == edit["id"], "explain tells both answers")
    listed = server.call("GET", f"/v1/edits?query={edit['subject']}&state=live")
    expect([found["id"] for found in listed["data"]] == [edit["id"]], "it is found by its words")
    story = server.call("GET", f"/v1/edits/{edit['id']}")["story"]
    expect([event["kind"] for event in story] == ["edit", "publish"], "its story")
    undone = server.call("DELETE", f"/v1/edits/{edit['id']}", {"reason": "a check"})
    last, trace = say()
    expect(last.choices[0].text == before.choices[0].text, "taken back it fires no more")
    expect(trace["version"] >= undone["version"], "from the version that the undo made on")


def check_lm_eval(server, client):
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.openai_completions import LocalCompletionsAPI
    from transformers import AutoModelForCausalLM, AutoTokenizer

    print("lm-eval")
    harness = LocalCompletionsAPI(
        base_url=f"{server.url}/v1/completions", model=f"{NAME}@0", tokenizer=str(MODEL),
        max_length=128, num_concurrent=4, batch_size=2)
    reference = AutoModelForCausalLM.from_pretrained(MODEL, torch_dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    pairs = [(edit["prompt"], " " + edit["formerAnswer"]) for edit in edits(16)]
    pairs += [(edit["prompt"], " " + edit["target"]) for edit in edits(16)]
    requests = [Instance("loglikelihood", {}, pair, place) for place, pair in enumerate(pairs)]
    found = harness.loglikelihood(requests, disable_tqdm=True)
    worst, flags = 0.0, True
    for (context, ending), (likelihood, is_greedy) in zip(pairs, found):
        read, whole = tokenizer(context).input_ids, tokenizer(context + ending).input_ids
        with torch.no_grad():
            logits = reference(torch.tensor([whole])).logits[0].log_softmax(-1)
        rows = range(len(read) - 1, len(whole) - 1)
        expected = sum(logits[row, whole[row + 1]].item() for row in rows)
        worst = max(worst, abs(expected - likelihood))
        flags = flags and is_greedy == all(logits[row].argmax() == whole[row + 1] for row in rows)
    expect(worst < TOLERANCE, f"{len(pairs)} log-likelihoods are transformers' own, at most {worst:.1e} apart")
    expect(flags, "and so is which of them are greedy")
    request = Instance(
        "generate_until", {}, (pairs[0][0], {"until": ["\n"], "max_gen_toks": 8, "temperature": 0}), 0)
    said = harness.generate_until([request], disable_tqdm=True)[0]
    own = client.completions.create(
        model=f"{NAME}@0", prompt=pairs[0][0], max_tokens=8, temperature=0, stop=["\n"])
    expect(said == own.choices[0].text, f"it generates {said!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/errata"))
    binary = parser.parse_args().binary
    with tempfile.TemporaryDirectory() as folder:
        with Server(binary, pathlib.Path(folder) / "data") as server:
            client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
            check_openai(client, edits(2)[1]["prompt"])
            check_edits(server, client)
            check_lm_eval(server, client)
    print(f"{len(failures)} wrong" if failures else "All is as it should be.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
