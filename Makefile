# make demo    install, build, and correct the embedded model
# make test    install, build, and run every test
# make bench   seconds per edit and tokens per second, against the PyTorch twin, in one run
# make parity  compare with the PyPI packages tokenizers and transformers
# make interchange  read results folders with the PyPI package lm-eval
# make serve-check  ask a server with the PyPI packages openai and lm-eval
# make page-check   look at a server's page with plain forms and headless Chromium
# make serve-load   64 clients ask a server while edits are published and taken back
# make export-check  export every method in every format, read with the PyPI packages peft and transformers
# make crash   kill and break the edit log, 200 times
# make fixtures  regenerate what the tests compare with, but for two sets that MAINTENANCE.md names
# make format  lay the code out as .swift-format says

python = .libtorch/python/bin/python
errata = .build/release/errata
# One set of flags for everything, so that demo, test and bench share one build. swift test only
# runs: built by it, every module would get a flag twice and be built again.
flags = -c release -Xswiftc -enable-testing
# Without a fixed seed some packages' flags come in another order, and they are built again.
compile = SWIFT_DETERMINISTIC_HASHING=1 swift build $(flags)

# Threads that wait leave the cores to others: spinning makes shared machines several times slower.
export OMP_WAIT_POLICY = PASSIVE

.PHONY: demo test bench parity interchange serve-check page-check serve-load export-check crash fixtures format lint build \
    engine

engine:
	@Scripts/bootstrap

build: engine
	@$(compile) --product errata

demo: build
	@$(errata) demo

test: engine
	@$(compile) --build-tests
	@swift test $(flags) --disable-xctest --skip-build

bench: engine
	@$(compile) --product Benchmarks
	@.build/release/Benchmarks

parity:
	@Scripts/bootstrap --parity
	@$(compile) --product errata-parity
	@$(python) reference/tokenizers_parity.py
	@$(python) reference/transformers_parity.py

interchange: build
	@Scripts/bootstrap --interchange
	@$(python) reference/interchange_check.py --binary $(errata)

serve-check: build
	@Scripts/bootstrap --server
	@$(python) reference/server_check.py --binary $(errata)
	@$(python) reference/follow_check.py --binary $(errata)

page-check: build
	@Scripts/bootstrap --server
	@$(python) reference/page_check.py --binary $(errata)

serve-load: build
	@Scripts/bootstrap --server
	@$(python) reference/server_load.py --binary $(errata)

export-check: build
	@Scripts/bootstrap --export
	@$(python) reference/export_round.py --binary $(errata)

crash: build
	@Scripts/crash-test 200 $(errata)

fixtures:
	@Scripts/bootstrap --parity
	@$(python) reference/make_fixtures.py

format:
	@swift format format --in-place --recursive Package.swift Sources Tests Benchmarks

lint:
	@swift format lint --strict --recursive Package.swift Sources Tests Benchmarks
