# Everything that people run. `make help` lists the targets.

SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

CLUSTER ?= meetrec
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-clean test unit integration e2e check format generate bundle images \
	bench-recorder bench-controller bench-api chaos chaos-recorder cluster cluster-down tools recorder clean

help: ## list the targets
	@echo 'Meetrec records online meetings on the server, on Kubernetes.'
	@echo
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-17s %s\n", $$1, $$2}'
	@echo
	@echo 'CLUSTER=NAME names the cluster; KUBECONFIG=FILE lets demo and e2e use one that runs already.'
	@echo 'MEETREC_CACHE=DIR is where built binaries are kept (default: ~/.cache/meetrec).'

setup: node_modules/.installed ## install what package-lock.json names, Node 26 included

# The machine's Node may be too old for the packages here: Node 26 itself comes from the npm package `node`.
node_modules/.installed: package-lock.json
	@test/run/setup.sh
	@touch $@

demo: setup ## bring up a cluster, install Meetrec, record a meeting, check every packet of the file
	@node test/demo/cli.ts $(ARGS)

demo-clean: setup ## remove the demo's cluster: processes, namespaces, mounts, routes
	@node test/demo/cli.ts --clean $(ARGS)

test: setup ## everything that CI runs: checks, unit, integration and end-to-end tests
	@node test/run/cli.ts $(ARGS)

check: setup ## types, lint, format, folder rule, unused exports and dependencies
	@node test/run/cli.ts --only check

unit: setup ## the tests beside the sources
	@node test/run/cli.ts --only unit

integration: setup ## tests against a real API server, S3, database and recorder processes
	@node test/run/cli.ts --only integration

e2e: setup ## tests on a real cluster: its own, or the one that KUBECONFIG names
	@node test/run/cli.ts --only e2e

bench-recorder: setup ## the recorder against its peers on the same clip: CPU, memory, time to available
	@node test/bench/recorder/cli.ts $(ARGS)

bench-controller: setup ## the controller against one written with controller-runtime
	@node test/bench/controller/cli.ts $(ARGS)

bench-api: setup ## the API under load, with real Kubernetes and database behind it
	@node test/bench/api/cli.ts $(ARGS)

chaos: setup ## every fault in every phase on a real cluster: out/chaos/report.json
	@node test/chaos/cluster/cli.ts $(ARGS)

chaos-recorder: setup ## kill and cut off recorders, hundreds of times: nothing may be lost
	@node test/chaos/recorder/cli.ts $(ARGS)

format: setup ## format the sources
	@prettier --log-level warn --write .

generate: setup ## write what is generated from the sources: the CustomResourceDefinition, the OpenAPI document, the manifest's schema
	@node operator/crd/generate.ts
	@node recorder-image/manifest/generate.ts
	@node test/api-client/cli.ts $(ARGS)

bundle: setup ## bundle the programs for their images
	@node test/cluster/cli.ts bundle

images: setup ## build the images and load them into the cluster named by CLUSTER
	@node test/cluster/cli.ts images --load $(CLUSTER)

cluster: setup ## bring up the cluster named by CLUSTER (default: meetrec); its kubeconfig is written under out/
	@node test/cluster/cli.ts up --name $(CLUSTER)

cluster-down: setup ## remove the cluster named by CLUSTER, leaving nothing behind
	@node test/cluster/cli.ts down --name $(CLUSTER)

tools: setup ## build the binaries that the cluster and the tests need into the cache
	@node test/cluster/cli.ts tools

recorder: setup ## run the recorder without a container, configured by its environment (ARGS=--help)
	@node recorder-image/bin/recorder.ts $(ARGS)

clean: ## remove what was built in the checkout; caches and clusters stay
	rm -rf out node_modules
