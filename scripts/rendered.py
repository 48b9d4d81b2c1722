"""What kustomize made for Kubernetes, file by file of a folder: each object as the schemas of the API
say, and each name that one of them uses of another is there."""

import pathlib
import sys
import warnings

import kubernetes_validate
import yaml

# The oldest that a container can sleep in before it stops without a program for it, and the newest.
VERSIONS = ["1.30", "1.37"]

# Their schemas come with the Gateway API, not with Kubernetes.
ELSEWHERE = {"gateway.networking.k8s.io/v1"}

# Of the wave that is applied before all else: what the migration needs.
FIRST = "jangteo/first"


def main(folder):
    failures = []
    for file in sorted(pathlib.Path(folder).glob("*.yaml")):
        if file.name.endswith(".secret.yaml"):
            continue
        objects = documents(file)
        secret = file.with_suffix(".secret.yaml")
        secrets = documents(secret) if secret.exists() else []
        found = [*schema_faults(objects + secrets), *missing_names(objects, secrets)]
        failures += [f"{file.stem}: {fault}" for fault in found]
        if not found:
            versions = " and ".join(VERSIONS)
            print(f"{file.stem}: {len(objects)} objects as the schemas of {versions} say")
    if failures:
        sys.exit("\n".join(failures))


def documents(file):
    return [one for one in yaml.safe_load_all(file.read_text()) if one]


def name(thing):
    return f"{thing['kind']} {thing['metadata']['name']}"


def schema_faults(objects):
    for thing in objects:
        if thing["apiVersion"] in ELSEWHERE:
            continue
        for version in VERSIONS:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    kubernetes_validate.validate(thing, version, strict=True)
            except Exception as fault:
                yield f"{name(thing)}, {version}: {fault}"


def missing_names(objects, secrets):
    there = {(one["kind"], one["metadata"]["name"]) for one in objects + secrets}
    first = {
        (one["kind"], one["metadata"]["name"])
        for one in objects
        if one["metadata"].get("labels", {}).get(FIRST) == "true"
    } | {("Secret", one["metadata"]["name"]) for one in secrets}
    pods = {name(one): one["spec"]["template"] for one in objects if "template" in one.get("spec", {})}
    for thing in objects:
        is_first = (thing["kind"], thing["metadata"]["name"]) in first
        for kind, used in uses(thing):
            if (kind, used) not in there:
                yield f"{name(thing)} uses {kind} {used}, which is not there"
            elif is_first and (kind, used) not in first:
                yield f"{name(thing)} is applied first and uses {kind} {used}, which is not"
        selector = selector_of(thing)
        if selector and not any(selects(selector, pod["metadata"]["labels"]) for pod in pods.values()):
            yield f"{name(thing)} selects no pod"


def uses(thing):
    """What it names: kind and name."""
    spec = thing.get("spec", {})
    if thing["kind"] == "HorizontalPodAutoscaler":
        yield spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]
    if thing["kind"] == "HTTPRoute":
        for rule in spec["rules"]:
            yield from (("Service", backend["name"]) for backend in rule["backendRefs"])
    pod = spec.get("template", {}).get("spec", {})
    if "serviceAccountName" in pod:
        yield "ServiceAccount", pod["serviceAccountName"]
    for container in pod.get("containers", []):
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                yield "ConfigMap", source["configMapRef"]["name"]
            if "secretRef" in source:
                yield "Secret", source["secretRef"]["name"]
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            if "secretKeyRef" in source:
                yield "Secret", source["secretKeyRef"]["name"]


def selector_of(thing):
    spec = thing.get("spec", {})
    match thing["kind"]:
        case "Service":
            return spec["selector"]
        case "NetworkPolicy":
            return spec["podSelector"].get("matchLabels")
        case "PodDisruptionBudget" | "Deployment" | "StatefulSet":
            return spec["selector"]["matchLabels"]


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


if __name__ == "__main__":
    main(sys.argv[1])
