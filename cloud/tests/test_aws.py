# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The template for AWS: its text, its linters, and a deployment into an emulator with a visit through it.

An emulator that agrees is no proof of AWS. YOKOTAGO_SAM names the command sam (cfn-lint is beside it) and
YOKOTAGO_MINISTACK the emulator; without them, boto3 and mangum the tests are skipped.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import queue
import re
import shutil
import socket
import ssl
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import yaml
from conftest import PASSWORD, STORE, TOKEN, Host, Phone, receipt
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from yokotago_cloud.settings import Settings

CLOUD = Path(__file__).parents[1]
TEMPLATE = CLOUD / "aws" / "template.yaml"
REGION = "us-east-1"


class _Tags(yaml.SafeLoader):
    """Reads CloudFormation's short forms as {name: what stands behind}."""


def _short_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


_Tags.add_multi_constructor("!", _short_form)


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    document = yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Tags)  # noqa: S506 (a SafeLoader)
    return dict(document["Resources"])


def test_what_has_a_time_to_live_expires_by_itself(resources: dict[str, Any]) -> None:
    table = resources["Table"]["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]


def test_a_store_speaks_for_itself_and_hears_only_what_is_for_it(resources: dict[str, Any]) -> None:
    allowed: dict[str, set[str]] = {}
    for statement in resources["StorePolicy"]["Properties"]["PolicyDocument"]["Statement"]:
        where = statement["Resource"]
        for one in where if isinstance(where, list) else [where]:
            allowed.setdefault(statement["Action"], set()).add(one["Sub"].partition("${AWS::AccountId}:")[2])
    own = "stores/${!iot:Connection.Thing.ThingName}"
    assert allowed == {
        "iot:Connect": {"client/${!iot:Connection.Thing.ThingName}"},
        "iot:Publish": {f"topic/{own}/events/*"},
        "iot:Subscribe": {
            *(f"topicfilter/{own}/{name}" for name in ("check_ins", "answers", "catalogue")),
            *(f"topicfilter/cloud/{name}" for name in ("keys", "status")),
        },
        "iot:Receive": {f"topic/{own}/*", "topic/cloud/*"},
    }


def test_no_function_may_more_than_its_table_and_to_tell_stores(resources: dict[str, Any]) -> None:
    functions = [one for one in resources.values() if one["Type"] == "AWS::Serverless::Function"]
    assert len(functions) == 3
    for function in functions:
        assert function["Properties"]["Policies"] == [
            {"DynamoDBCrudPolicy": {"TableName": {"Ref": "Table"}}},
            {"Ref": "TellPolicy"},
        ]
    (statement,) = resources["TellPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["iot:Publish", "iot:RetainPublish"]
    assert not any("/events/" in one["Sub"] for one in statement["Resource"]), "the cloud does not speak as a store"


def test_the_page_is_closed_to_foreign_scripts_there_too(resources: dict[str, Any]) -> None:
    from yokotago_cloud.app import _POLICY

    headers = resources["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert headers["ContentSecurityPolicy"]["ContentSecurityPolicy"] == _POLICY.format(gate="")


def test_a_functions_environment_becomes_settings() -> None:
    from yokotago_cloud.aws import settings_from

    usual = settings_from({})
    assert not usual.streams
    assert (usual.issuers, usual.longest_wait_s) == ((), Settings().longest_wait_s)
    given = settings_from({"ISSUER": "https://pool,app", "LONGEST_WAIT_S": "2", "STORE_EVENT_DAYS": "1"})
    assert given.issuers[0].client_id == "app"
    assert (given.longest_wait_s, given.store_event_kept_s) == (2.0, 86_400)
    with pytest.raises(ValueError):
        settings_from({"ISSUER": "pool"})


@pytest.fixture(scope="module")
def sam() -> Path:
    command = os.environ.get("YOKOTAGO_SAM", "")
    if not command:
        pytest.skip("YOKOTAGO_SAM names no sam command, so the template for AWS is not checked")
    return Path(command)


def _run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION, **environment}
    return subprocess.run(
        [str(word) for word in words], env=os.environ | own, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.parametrize("linter", ["cfn-lint", "sam"])
def test_the_linters_find_nothing(sam: Path, linter: str, tmp_path: Path) -> None:
    words = [sam.with_name("cfn-lint")] if linter == "cfn-lint" else [sam, "validate", "--lint", "--template-file"]
    template = tmp_path / "cloud" / "aws" / "template.yaml"
    template.parent.mkdir(parents=True)
    shutil.copy(TEMPLATE, template)
    (tmp_path / "build" / "lambda").mkdir(parents=True)
    done = _run(*words, template)
    assert done.returncode == 0, done.stdout + done.stderr


def _needed_by(name: str, known: dict[str, Any]) -> None:
    """Collect a distribution and what it needs, as far as it is installed."""
    plain = re.split(r"[\s;<>=!~\[(]", name, maxsplit=1)[0].lower().replace("_", "-")
    if plain in known or "extra ==" in name:
        return
    try:
        known[plain] = importlib.metadata.distribution(plain)
    except importlib.metadata.PackageNotFoundError:
        return  # for another platform or Python
    for needed in known[plain].requires or ():
        _needed_by(needed, known)


def _bundle(folder: Path) -> None:
    """What docs/aws.md has pip put into build/lambda, from the packages of this Python."""
    known: dict[str, Any] = {}
    for name in ("argon2-cffi", "boto3", "cryptography", "fastapi", "mangum", "pydantic", "PyJWT"):
        _needed_by(name, known)
    for distribution in known.values():
        for file in distribution.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target)
    shutil.copytree(CLOUD / "yokotago_cloud", folder / "yokotago_cloud", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(CLOUD / "app", folder / "yokotago_cloud" / "app")


@dataclass
class Stack:
    """What was deployed."""

    client: Callable[[str], Any]
    outputs: dict[str, str]
    http: httpx.Client


@pytest.fixture(scope="module")
def stack(sam: Path, ministack: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("mangum", reason="the functions for AWS need the Python package mangum")
    root = tmp_path_factory.mktemp("aws")
    template = root / "cloud" / "aws" / "template.yaml"
    template.parent.mkdir(parents=True)
    shutil.copy(TEMPLATE, template)
    _bundle(root / "build" / "lambda")
    endpoint = ministack.endpoint  # type: ignore[attr-defined]
    ministack("s3").create_bucket(Bucket="deployments")
    keys = root / "keys.json"
    words = ["deploy", "--template-file", template, "--stack-name", "shop", "--s3-bucket", "deployments"]
    words += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar", "--region", REGION]
    words += ["--parameter-overrides", "SignIn=cognito", f"PoolKeys={keys}", "LongestWait=1"]
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": endpoint}
    done = _run(sam, *words, **account)
    assert done.returncode == 0, done.stdout + done.stderr
    found = ministack("cloudformation").describe_stacks(StackName="shop")["Stacks"][0]["Outputs"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found}
    # A function of the emulator cannot reach the pool's address at Amazon, so it reads the keys from a file.
    keys.write_text(httpx.get(f"{endpoint}/{outputs['UserPoolId']}/.well-known/jwks.json").text, encoding="utf-8")
    host = f"{outputs['ApiId']}.execute-api.localhost"
    with httpx.Client(base_url=endpoint, headers={"Host": host}, timeout=60) as http:
        yield Stack(ministack, outputs, http)


def _signed_in(stack: Stack, email: str) -> Phone:
    """A shopper of the user pool."""
    cognito = stack.client("cognito-idp")
    pool = stack.outputs["UserPoolId"]
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=f"{PASSWORD} A1!", Permanent=True)
    answer = cognito.initiate_auth(
        ClientId=stack.outputs["UserPoolClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": f"{PASSWORD} A1!"},
    )
    return Phone(stack.http, {"access_token": answer["AuthenticationResult"]["AccessToken"]})


@pytest.fixture(scope="module")
def host(stack: Stack) -> Host:
    """The store's host; its device was let in as docs/aws.md says."""
    from yokotago_cloud.storage.dynamodb import DynamoDbStorage
    from yokotago_cloud.stores import Stores

    stores = Stores(DynamoDbStorage(stack.client("dynamodb"), stack.outputs["TableName"]))
    stores.add(STORE, "The shop")
    stores.add_device(STORE, TOKEN, "host")
    return Host(stack.http)


def test_a_visit_from_check_in_to_receipt(stack: Stack, host: Host) -> None:
    assert stack.http.get("/v1/health").json()["status"] == "ok"
    assert stack.http.get("/v1/me").status_code == 401
    phone = _signed_in(stack, "ann@example.com")
    before = phone.get("/v1/me/now").json()["cursor"]
    now = {"sec": int(time.time()), "nanosec": 0}
    code = phone.code()
    taken = host.check_in(code, "once", stamp=now)
    assert taken.status_code == 201, taken.text
    shopper_id = taken.json()["shopper_id"]
    assert host.check_in(code, "once", stamp=now).json() == taken.json(), "the same request, the same answer"
    assert host.check_in(code, "twice", stamp=now).json()["code"] == "code-used"
    lines = [{"product_id": "p1", "quantity": 2}]
    assert host.put("/visits/v-1/basket", {"stamp": now, "shopper_id": shopper_id, "lines": lines}).status_code == 200
    left = {**now, "nanosec": 5}
    taxes = [{"name": "VAT", "rate_percent": 8.0, "amount": 430, "tax": 32}]
    assert host.put("/receipts/r-1", receipt(shopper_id, entered=now, left=left, taxes=taxes)).status_code == 201
    (kept,) = phone.get("/v1/receipts").json()["receipts"]
    assert (kept["total"], kept["taxes"]) == (430, taxes)

    # A stream never answers through Lambda: who asks for one gets a page of news and its cursor.
    news = phone.get(f"/v1/me/events?after={before}&wait=1", headers={"Accept": "text/event-stream"})
    assert news.headers["Content-Type"].startswith("application/json")
    assert [event["kind"] for event in news.json()["events"]] == ["checked_in", "basket", "receipt"]
    after = news.json()["cursor"]
    assert phone.get(f"/v1/me/events?after={after}&wait=1").json() == {"events": [], "cursor": after}
    other = _signed_in(stack, "bob@example.com")
    assert other.get("/v1/receipts").json()["receipts"] == []
    assert other.get(f"/v1/receipts/{STORE}/r-1").status_code == 404


def test_a_receipt_may_come_over_the_topic_too(stack: Stack, host: Host) -> None:
    phone = _signed_in(stack, "eve@example.com")
    now = {"sec": int(time.time()), "nanosec": 0}
    shopper_id = host.check_in(phone.code(), stamp=now).json()["shopper_id"]
    body = receipt(shopper_id, "r-topic", "v-topic", entered=now, left=now)
    message = {"event_id": "receipt-1", "subject": "v-topic", "data": body}
    for _ in range(2):
        stack.client("iot-data").publish(topic=f"stores/{STORE}/events/receipt", payload=json.dumps(message))
    before, until = "", time.monotonic() + 60
    while time.monotonic() < until:
        news = phone.get(f"/v1/me/events?after={before}&wait=1").json()
        before = news["cursor"]
        if any(event["kind"] == "receipt" for event in news["events"]):
            break
    assert [one["receipt_id"] for one in phone.get("/v1/receipts").json()["receipts"]] == ["r-topic"]


def test_what_a_store_publishes_is_kept_for_some_days(stack: Stack, host: Host) -> None:
    assert host.get("/receipts").status_code == 200
    event = {"event_id": f"e-{uuid.uuid4()}", "stamp": {"sec": 7, "nanosec": 0}, "data": {"delta": -220.4}}
    for _ in range(2):
        stack.client("iot-data").publish(topic=f"stores/{STORE}/events/weight_change", payload=json.dumps(event))
    dynamodb = stack.client("dynamodb")
    key = {"pk": {"S": f"STORE#{STORE}"}, "sk": {"S": f"EVENT#{event['event_id']}"}}
    until = time.monotonic() + 60
    kept: dict[str, Any] = {}
    while not kept and time.monotonic() < until:
        kept = dynamodb.get_item(TableName=stack.outputs["TableName"], Key=key).get("Item", {})
    assert kept, "the rule and its function put it there"
    assert json.loads(kept["data"]["S"])["kind"] == "weight_change"
    assert abs(int(kept["ttl"]["N"]) - time.time() - 3 * 86_400) < 300


def _shake_hands(context: ssl.SSLContext, port: int) -> None:
    """Have the emulator's broker make its own certificate, which it does for the first who comes.

    What that one says may be lost meanwhile: asyncio of Python 3.11.2 reads on though the transport was paused at once.
    """
    for timeout_s in (5.0, 15.0, 45.0):
        with contextlib.suppress(TimeoutError), socket.create_connection(("127.0.0.1", port), timeout_s) as plain:
            context.wrap_socket(plain, server_hostname="127.0.0.1").close()
            return
    pytest.fail("the emulator's broker does not shake hands")


class _Store:
    """A store at IoT Core's broker, with a certificate of its thing; it hears what docs/mqtt.md says."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.reasons: queue.SimpleQueue[int] = queue.SimpleQueue()
        iot = stack.client("iot")
        made = iot.create_keys_and_certificate(setAsActive=True)
        iot.create_thing(thingName=STORE)
        iot.attach_policy(policyName=stack.outputs["StorePolicyName"], target=made["certificateArn"])
        iot.attach_thing_principal(thingName=STORE, principal=made["certificateArn"])
        authority = httpx.get(f"{stack.client.endpoint}/_ministack/iot/ca.pem").text  # type: ignore[attr-defined]
        (folder / "store.pem").write_text(made["certificatePem"], encoding="utf-8")
        (folder / "store.key").write_text(made["keyPair"]["PrivateKey"], encoding="utf-8")
        context = ssl.create_default_context(cadata=authority)
        context.load_cert_chain(folder / "store.pem", folder / "store.key")
        client = Client(CallbackAPIVersion.VERSION2, STORE, protocol=MQTTProtocolVersion.MQTTv5)
        client.tls_set_context(context)
        topics = [f"stores/{STORE}/{name}" for name in ("check_ins", "answers", "catalogue")]
        client.on_connect = lambda *_: client.subscribe([(topic, 1) for topic in (*topics, "cloud/keys")])
        client.on_subscribe = lambda _, __, ___, reasons, ____: [self.reasons.put(one.value) for one in reasons]
        client.on_publish = lambda _, __, ___, reason, ____: self.reasons.put(reason.value)
        client.on_message = lambda _, __, m: self._heard.put((m.topic, json.loads(m.payload)))
        _shake_hands(context, stack.client.mqtt_port)  # type: ignore[attr-defined]
        client.connect("127.0.0.1", stack.client.mqtt_port)  # type: ignore[attr-defined]
        client.loop_start()
        self._client = client
        assert [self.reasons.get(timeout=30) for _ in range(4)] == [1] * 4

    def publish(self, kind: str, message: dict[str, Any]) -> int:
        """The reason of the broker's acknowledgement."""
        self._client.publish(f"stores/{STORE}/events/{kind}", json.dumps(message), qos=1)
        return self.reasons.get(timeout=30)

    def hear(self, topic: str, **wanted: Any) -> dict[str, Any]:
        """The next on a topic with these values; what came before on others waits to be asked for."""
        passed = []
        while True:
            where, said = self._heard.get(timeout=60)
            if where == topic and said.items() >= wanted.items():
                for one in passed:
                    self._heard.put(one)
                return dict(said)
            passed.append((where, said))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def store(stack: Stack, host: Host, tmp_path: Path) -> Iterator[_Store]:
    product = {"product_id": "p1", "name": "Tea", "weight": 520, "unit_price": 130, "currency": "JPY"}
    assert host.put("/catalogue", {"products": [product]}).status_code == 200
    told = stack.client("lambda").invoke(FunctionName=stack.outputs["TellFunctionName"], Payload=b"{}")
    assert "FunctionError" not in told, told["Payload"].read()
    made = _Store(stack, tmp_path)
    yield made
    made.close()


def test_a_store_speaks_and_hears_over_iot_core_alone(stack: Stack, store: _Store) -> None:
    """Mutual TLS: prices, a phone's check-in, a gate's question and its answer, a receipt."""
    assert {key["crv"] for key in store.hear("cloud/keys")["keys"]} == {"P-256", "Ed25519"}
    catalogue = store.hear(f"stores/{STORE}/catalogue")
    assert [one["unit_price"] for one in catalogue["products"]] == [130]
    dearer = {"products": [{**catalogue["products"][0], "unit_price": 140}]}
    assert store.publish("catalogue", {"event_id": "prices", "data": dearer}) == 0
    assert store.hear(f"stores/{STORE}/catalogue")["products"][0]["unit_price"] == 140

    phone = _signed_in(stack, "kim@example.com")
    body = {"store_id": STORE, "gate_id": "gate-1", "party_size": 2}
    by_phone = phone.post("/v1/check-ins", body, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert by_phone.status_code == 201, by_phone.text
    shopper_id = by_phone.json()["shopper_id"]
    heard = store.hear(f"stores/{STORE}/check_ins", shopper_id=shopper_id)
    assert (heard["source"], heard["gate_id"], heard["party_size"]) == ("phone", "gate-1", 2)

    stamp = {"sec": int(time.time()), "nanosec": 0}
    asked = {"code": phone.code(), "gate_id": "gate-1", "stamp": stamp}
    assert store.publish("check_in", {"event_id": "gate-asks", "data": asked}) == 0
    answer = store.hear(f"stores/{STORE}/answers", event_id="gate-asks")
    assert (answer["status"], answer["body"]["shopper_id"]) == (201, shopper_id)
    assert store.publish("check_in", {"event_id": "other-gate", "data": asked}) == 0
    answer = store.hear(f"stores/{STORE}/answers", event_id="other-gate")
    assert (answer["status"], answer["body"]["code"]) == (409, "code-used")

    sent = receipt(shopper_id, "r-line", "v-line", entered=stamp, left=stamp)
    assert store.publish("receipt", {"event_id": "receipt-2", "subject": "v-line", "data": sent}) == 0
    until = time.monotonic() + 60
    while not (kept := phone.get("/v1/receipts").json()["receipts"]) and time.monotonic() < until:
        phone.get("/v1/me/events?wait=1")
    assert [(one["receipt_id"], one["total"]) for one in kept] == [("r-line", 430)]


def test_a_certificate_is_bound_to_its_store(stack: Stack) -> None:
    iot = stack.client("iot")
    policy = iot.get_policy(policyName=stack.outputs["StorePolicyName"])["policyDocument"]
    resources = [statement["Resource"] for statement in json.loads(policy)["Statement"]]
    assert all("${iot:Connection.Thing.ThingName}" in str(resource) for resource in resources)
    assert len(resources) == 4
