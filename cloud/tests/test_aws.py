# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The template for AWS: its text, its linters, and a deployment into an emulator with a visit through it.

An emulator that agrees is no proof of AWS. YOKOTAGO_SAM names the command sam (cfn-lint is beside it) and
YOKOTAGO_MINISTACK the emulator; without them, boto3 and mangum the tests are skipped.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import yaml
from conftest import PASSWORD, STORE, TOKEN, Host, Phone, receipt

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


def test_a_store_speaks_for_itself_only(resources: dict[str, Any]) -> None:
    for statement in resources["StorePolicy"]["Properties"]["PolicyDocument"]["Statement"]:
        assert "${!iot:Connection.Thing.ThingName}" in statement["Resource"]["Sub"]
        assert statement["Action"] in {"iot:Connect", "iot:Publish"}


def test_no_function_may_more_than_its_table(resources: dict[str, Any]) -> None:
    functions = [one for one in resources.values() if one["Type"] == "AWS::Serverless::Function"]
    assert len(functions) == 2
    for function in functions:
        assert function["Properties"]["Policies"] == [{"DynamoDBCrudPolicy": {"TableName": {"Ref": "Table"}}}]


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


def test_a_certificate_is_bound_to_its_store(stack: Stack) -> None:
    iot = stack.client("iot")
    policy = iot.get_policy(policyName=stack.outputs["StorePolicyName"])["policyDocument"]
    resources = [statement["Resource"] for statement in json.loads(policy)["Statement"]]
    assert len(resources) == 2
    assert all("${iot:Connection.Thing.ThingName}" in resource for resource in resources)
