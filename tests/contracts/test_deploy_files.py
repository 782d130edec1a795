"""The files of deploy/ and docker-compose.yml agree with the code and with each other. No engine runs here."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from shared.telemetry import names
from shared.topics import TOPICS

yaml = pytest.importorskip("yaml", reason="PyYAML reads the files: add pyyaml to the dev group")

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = ROOT / "docker-compose.yml"
KUBERNETES = DEPLOY / "kubernetes"
OURS = ("gateway", "schema-svc", "generator-svc", "writer-svc")
PORT = 8080
SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|PRIVATE_KEY|API_KEY|CONSUMER_KEY|PASSPHRASE|DATABASE_URL)$", re.I)
SECRET_TEXT = re.compile(r"-----BEGIN|\bsk-[A-Za-z0-9]|\bpat-[a-z]+\d|AKIA[0-9A-Z]{12}")
OVERLAYS = ("dev", "prod", "keda", "strimzi")


def yaml_files() -> list[Path]:
    """Every YAML file that is deployed."""
    return [COMPOSE, *sorted(DEPLOY.rglob("*.yaml"))]


def documents(path: Path) -> list[Any]:
    """The documents of one file."""
    return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one is not None]


def compose() -> dict[str, Any]:
    """docker-compose.yml with its merges resolved."""
    (document,) = documents(COMPOSE)
    assert isinstance(document, dict)
    return document


def resources(kind: str, folder: Path = KUBERNETES) -> list[dict[str, Any]]:
    """Kubernetes resources of one kind, in the order of the files."""
    return [
        one
        for path in sorted(folder.rglob("*.yaml"))
        for one in documents(path)
        if isinstance(one, dict) and one.get("kind") == kind
    ]


def deployments() -> dict[str, dict[str, Any]]:
    """The base's Deployments by name."""
    return {one["metadata"]["name"]: one for one in resources("Deployment", KUBERNETES / "base")}


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    """A Deployment's only container."""
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def entries(node: Any) -> Iterator[tuple[str, Any]]:
    """Every name and value of a document, `{name: …, value: …}` pairs included."""
    if isinstance(node, list):
        for one in node:
            yield from entries(one)
    elif isinstance(node, dict):
        if "name" in node and "value" in node:
            yield str(node["name"]), node["value"]
        for key, value in node.items():
            yield str(key), value
            yield from entries(value)


def canonical(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(project: Path) -> set[str]:
    """Distributions that a package asks for, and with `recordsmith-shared` what that asks for."""
    wanted = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    found = {canonical(match[0]) for one in wanted if (match := re.match(r"[\w.-]+", one))}
    # pydantic and its core are released as one.
    found |= {"pydantic-core"} if "pydantic" in found else set()
    return found | declared(ROOT / "shared") if "recordsmith-shared" in found else found


def imported(source: Path) -> set[str]:
    """Top-level names that the modules of a folder import; `testing.py` is for tests, which bring their own."""
    found: set[str] = set()
    for path in (one for one in source.rglob("*.py") if one.name != "testing.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def documented_variables() -> set[str]:
    """What docs/reference/settings.md (checked against the settings classes) and .env.example name."""
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")))
    example = ROOT / ".env.example"
    if example.exists():
        known |= set(re.findall(r"^#?\s*([A-Z][A-Z0-9_]+)=", example.read_text(encoding="utf-8"), re.MULTILINE))
    return known


@pytest.mark.parametrize("path", yaml_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_deployed_file_is_yaml(path: Path) -> None:
    assert documents(path)


def test_compose_runs_every_service_and_the_brokers_they_need() -> None:
    services = compose()["services"]
    assert {*OURS, "kafka", "postgres"} == {name for name, one in services.items() if "profiles" not in one}
    for name in OURS:
        assert services[name]["build"]["args"]["SERVICE"] == name
        assert services[name]["depends_on"] == {
            "kafka": {"condition": "service_healthy"},
            "postgres": {"condition": "service_healthy"},
        }


def test_every_image_is_built_from_a_folder_of_that_name() -> None:
    built = [one["build"]["args"]["SERVICE"] for one in compose()["services"].values() if "build" in one]
    text = (DEPLOY / "docker/Dockerfile").read_text(encoding="utf-8")
    for name in built:
        assert (ROOT / "services" / name / "pyproject.toml").exists()
        assert f"COPY services/{name}/pyproject.toml services/{name}/" in text
        assert name in text.split("# SERVICE: ")[1].splitlines()[0]


@pytest.mark.parametrize("project", [f"services/{name}" for name in (*OURS, "crm-sandbox")])
def test_a_package_asks_for_everything_that_it_imports(project: str) -> None:
    # In the workspace's environment another package may bring it; in an image nobody does.
    wanted = declared(ROOT / project)
    distributions = packages_distributions()
    ours = {path.name for path in [*ROOT.glob("*/src/*"), *ROOT.glob("services/*/src/*")]}
    missing = {
        name
        for name in imported(ROOT / project / "src") - set(sys.stdlib_module_names) - ours
        if not wanted & {canonical(one) for one in distributions.get(name, [name])}
    }
    assert not missing


def test_compose_and_kubernetes_name_the_same_images() -> None:
    services = compose()["services"]
    for name, deployment in deployments().items():
        assert container(deployment)["image"].partition(":")[0] == services[name]["image"].partition(":")[0]
    dev = {one["metadata"]["name"]: one for one in resources("Deployment", KUBERNETES / "overlays/dev")}
    for name in ("kafka", "postgres"):
        assert container(dev[name])["image"] == services[name]["image"]
    (prod,) = documents(KUBERNETES / "overlays/prod/kustomization.yaml")
    assert {image["name"] for image in prod["images"]} == {f"recordsmith/{name}" for name in OURS}


def test_every_published_port_is_on_loopback() -> None:
    for name, service in compose()["services"].items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} publishes {port}"


def test_services_listen_on_one_port_everywhere() -> None:
    for name in OURS:
        environment = compose()["services"][name]["environment"]
        assert (environment["HTTP_HOST"], environment["HTTP_PORT"]) == ("0.0.0.0", str(PORT))
        assert container(deployments()[name])["ports"][0]["containerPort"] == PORT
    assert f"HTTP_PORT={PORT}" in (DEPLOY / "docker/Dockerfile").read_text(encoding="utf-8")
    (collector,) = documents(DEPLOY / "otel/collector.yaml")
    (job,) = collector["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"{name}:{PORT}" for name in OURS]}]


def test_every_variable_is_one_that_a_service_reads() -> None:
    used = {key for name in OURS for key in compose()["services"][name]["environment"]}
    used |= set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE.read_text(encoding="utf-8")))
    used |= {key for one in resources("ConfigMap") for key in one["data"]}
    used |= {one["name"] for deployment in deployments().values() for one in container(deployment)["env"]}
    unknown = {name for name in used - documented_variables() if not name.startswith("OTEL_")}
    assert not unknown


def test_no_file_holds_a_secret() -> None:
    for path in [*yaml_files(), DEPLOY / "docker/Dockerfile"]:
        assert not SECRET_TEXT.search(path.read_text(encoding="utf-8")), path
    for path in yaml_files():
        for document in documents(path):
            for name, value in entries(document):
                if SECRET_NAME.search(name) and isinstance(value, str):
                    assert "${" in value, f"{path.relative_to(ROOT)}: {name} has a value"


def test_every_service_is_deployed_with_its_probes_and_limits() -> None:
    assert set(deployments()) == set(OURS)
    for name, deployment in deployments().items():
        pod, only = deployment["spec"]["template"]["spec"], container(deployment)
        assert pod["terminationGracePeriodSeconds"] == 60
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert only["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert only["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert only["startupProbe"]["httpGet"]["path"] == "/healthz"
        assert only["securityContext"]["readOnlyRootFilesystem"] is True
        assert set(only["resources"]) == {"requests", "limits"}, name


def test_only_services_with_tables_know_the_database_and_all_but_the_generator_know_the_crm() -> None:
    with_tables = {name for name in OURS if list((ROOT / "services" / name).glob("src/*/migrations"))}
    for name in OURS:
        environment = compose()["services"][name]["environment"]
        secrets = {one["secretRef"]["name"] for one in container(deployments()[name])["envFrom"] if "secretRef" in one}
        assert ("DATABASE_URL" in environment) == ("recordsmith-database" in secrets) == (name in with_tables), name
        in_crm = name in ("gateway", "schema-svc", "writer-svc")
        assert ("SF_CONSUMER_KEY" in environment) == ("recordsmith-salesforce" in secrets) == in_crm, name


def test_services_and_config_maps_exist_for_every_deployment() -> None:
    base = KUBERNETES / "base"
    assert {one["metadata"]["name"] for one in resources("Service", base)} == set(OURS)
    config_maps = {one["metadata"]["name"] for one in resources("ConfigMap", base)}
    for deployment in deployments().values():
        wanted = {one["configMapRef"]["name"] for one in container(deployment)["envFrom"] if "configMapRef" in one}
        assert wanted <= config_maps


def test_strimzi_makes_exactly_the_topics_of_the_map() -> None:
    made = {one["metadata"]["name"]: one["spec"] for one in resources("KafkaTopic")}
    assert list(made) == [topic.name for topic in TOPICS]
    for topic in TOPICS:
        assert made[topic.name]["partitions"] == topic.partitions
        assert topic.config.items() <= made[topic.name]["config"].items()


def test_autoscaling_looks_at_the_backlog() -> None:
    queries = [trigger["metadata"]["query"] for one in resources("ScaledObject") for trigger in one["spec"]["triggers"]]
    assert queries
    assert all(names.METRIC_BACKLOG in query for query in queries)


@pytest.mark.parametrize("script", ["grafana/dashboard.py", "kubernetes/topics.py"])
def test_a_generated_file_is_what_its_script_writes(script: str) -> None:
    ran = subprocess.run([sys.executable, DEPLOY / script, "--check"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    registered = {value for name, value in vars(names).items() if name.startswith("METRIC_")}
    panels = json.loads((DEPLOY / "grafana/recordsmith.json").read_text(encoding="utf-8"))["panels"]
    for panel in panels:
        for target in panel["targets"]:
            for metric in re.findall(r"recordsmith_\w+", target["expr"]):
                assert metric in registered or re.sub(r"_(bucket|count|sum)$", "", metric) in registered, metric


def labels_by_metric() -> dict[str, set[str]]:
    """Which labels the services put on a metric, by its name."""
    found: dict[str, set[str]] = {}
    for path in [*(ROOT / "shared/src").rglob("*.py"), *(ROOT / "services").glob("*/src/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                metric = re.match(r"names\.(METRIC_\w+)", ast.unparse(node.args[0]))
                if metric and re.fullmatch(r"(Counter|Gauge|Histogram)(MetricFamily)?", node.func.id):
                    given = [*node.args[1:], *(word.value for word in node.keywords if word.arg == "labels")]
                    lists = [one for one in given if isinstance(one, ast.List | ast.Tuple)]
                    found[getattr(names, metric[1])] = {label for one in lists for label in ast.literal_eval(one)}
    return found


def test_the_dashboard_groups_by_labels_that_exist() -> None:
    known = labels_by_metric()
    assert known
    for panel in json.loads((DEPLOY / "grafana/recordsmith.json").read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            metric = re.sub(r"_(bucket|count|sum)$", "", re.findall(r"recordsmith_\w+", target["expr"])[0])
            by = re.findall(r"by \(([^)]*)\)", target["expr"])
            wanted = {label for labels in by for label in re.findall(r"\w+", labels)} - {"le"}
            assert wanted <= known.get(metric, set()), f"{metric} has no {wanted - known.get(metric, set())}"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl builds the overlays")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_builds(overlay: str) -> None:
    ran = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / "overlays" / overlay], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    built = [one for one in yaml.safe_load_all(ran.stdout) if one["kind"] == "Deployment"]
    assert set(OURS) <= {one["metadata"]["name"] for one in built}
