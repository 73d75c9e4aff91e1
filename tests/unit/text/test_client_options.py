"""Passwords in short options of known programs, and options that are none."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.review.values import redact_value
from nim_component.text.client_options import find_client_passwords, find_passwords
from nim_component.text.redaction import redact

PASSWORD = "hunter2abc"
LINES = [
    f"curl -u user:{PASSWORD} https://a.example.com",
    f"curl -uuser:{PASSWORD} https://a.example.com",
    f"curl -sS --user 'user:{PASSWORD}' x",
    f"curl --proxy-user=user:{PASSWORD} x",
    f"sshpass -p {PASSWORD} ssh host",
    f"sshpass -p{PASSWORD} ssh host",
    f"mysql -uroot -p{PASSWORD} db",
    f"mariadb-dump -p{PASSWORD} db",
    f"redis-cli -h host -a {PASSWORD} ping",
    f"mongosh -u user -p {PASSWORD}",
    f"docker login -u user -p {PASSWORD} registry.example.com",
    f"smbclient -U user%{PASSWORD} //host/share",
    f"ldapsearch -D cn=a -w {PASSWORD}",
    f"curl --cookie theme={PASSWORD} x",
    f"curl --cert a.pem --pass {PASSWORD} x",
    f"http -a user:{PASSWORD} GET https://a.example.com",
    f"https --auth=user:{PASSWORD} a.example.com",
    f"kubectl create secret generic a --from-literal=a={PASSWORD}",
    f"openssl rsa -in key.pem -passin pass:{PASSWORD}",
]
LINES += [
    f"redis-server --requirepass {PASSWORD} --appendonly yes",
    f"valkey-server --port 6379 --masterauth {PASSWORD}",
    f"redis-cli --pass {PASSWORD} ping",
    f"keytool -importkeystore -storepass {PASSWORD} -keypass x",
    f"keytool -genkey -alias a -keypass {PASSWORD}",
    f"wandb login {PASSWORD}",
    f"wandb login --relogin {PASSWORD}",
    f"huggingface-cli login --token {PASSWORD}",
    f"hf auth login --token {PASSWORD}",
    f"aws configure set aws_secret_access_key {PASSWORD}",
    f"aws configure set profile.a.aws_session_token {PASSWORD}",
    f"vault login -no-print {PASSWORD}",
    f"vault operator unseal {PASSWORD}",
    f"mc alias set a https://a.example.com me {PASSWORD}",
    f"ngrok config add-authtoken {PASSWORD}",
    f"rabbitmqctl add_user me {PASSWORD}",
    f"npm config set //registry.example.com/:_authToken {PASSWORD}",
    f"pulumi config set --secret a:key {PASSWORD}",
    f"poetry config http-basic.a me {PASSWORD}",
    f"mysqladmin -u root password {PASSWORD}",
    f"htpasswd -nb me {PASSWORD}",
    f"zip -r -P {PASSWORD} a.zip a",
    f"7z a -p{PASSWORD} a.7z a",
    f"ipmitool -H host -U me -P {PASSWORD} chassis",
    f"sqlcmd -S host -U sa -P {PASSWORD}",
    f"oc login -u me -p {PASSWORD} https://a.example.com",
    f"helm registry login -u me -p {PASSWORD} a.example.com",
    f"rclone obscure {PASSWORD}",
    f"ngc config set --api-key {PASSWORD}",
    f"psql --set admin_pass={PASSWORD}",
]


@pytest.mark.parametrize("line", LINES)
def test_password_of_client_is_redacted(line: str):
    words = line.replace("'", "").split()
    for text in (line, repr(words), str(words).replace("'", '"'), f"Error: `{line}` failed"):
        assert PASSWORD not in redact(text)
        assert PASSWORD not in redact(text, executed=True)
        assert words[0] in redact(text) and words[0] in redact(text, executed=True)
    for container in ({"command": words}, {"args": words}, {"command": words[:1], "args": words[1:]}):
        assert PASSWORD not in str(redact_value(container))
        assert words[0] in str(redact_value(container))


@pytest.mark.parametrize(
    "line",
    [
        "curl -u user https://a.example.com:8443",
        "curl -u $USER:$PASSWORD x",
        "mysql -p db",
        "mysqldump --port 3306 db",
        "docker run -p 8080:80 image",
        "podman run -p 8080:80 login-page",
        "redis-cli -p 6379 ping",
        "python -a word -p other -u a",
        "my-curl -u user:x",
        "sshpass -f /etc/password ssh host",
        "helm upgrade -p x",
        "redis-server --port 6379 --appendonly yes",
        "keytool -list -storepass $STOREPASS",
        "wandb login --relogin",
        "zip -r a.zip a",
        "7z l -pages a.7z",
        "aws configure set region eu-central-1",
        "mc alias list a b c d",
        "oc get -p x",
        "npm config set registry https://a.example.com",
        "mysql --protocol tcp",
    ],
)
def test_other_option_stays(line: str):
    assert not list(find_client_passwords(line)) or line.startswith("my-curl")
    assert not list(find_passwords(line.split()))
    assert redact_value({"command": line.split()}) == {"command": line.split()}


@pytest.mark.parametrize("start", ["echo", "echo -n", "printf '%s'", "printf %s"])
def test_password_of_standard_input_is_redacted(start: str):
    line = f"{start} {PASSWORD} | docker login -u user --password-stdin registry.example.com"
    assert redact(line) == line.replace(PASSWORD, "***")
    assert PASSWORD not in str(redact_value({"command": ["sh", "-c", line]}))
    for other in (f"{start} {PASSWORD} | grep x", f"{start} $PASSWORD | docker login --password-stdin"):
        assert redact(other) == other


@pytest.mark.parametrize(
    "reader",
    [
        *("sudo -S apt update", "sudo -kS -u me sh", "su - me", "kinit me", "vault login -", "cryptsetup open a b", "passwd me --stdin"),
        *("gh auth login --with-token", "gpg --passphrase-fd 0 -d a", "openssl rsa -passin stdin", "ngc config set", "wandb login"),
        *("huggingface-cli login", "helm registry login -u me --password-stdin a.example.com", "htpasswd -ni me", "chpasswd"),
    ],
)
def test_password_for_standard_input_is_redacted(reader: str):
    for line in (f"echo {PASSWORD} | {reader}", f"printf '{PASSWORD}\\n' | {reader}", f"echo '{PASSWORD}' |{reader}"):
        assert PASSWORD not in redact(line, executed=True)
        assert reader in redact(line, executed=True)
    assert redact(f"{reader} <<< {PASSWORD}", executed=True) == f"{reader} <<< ***"
    for other in (f"echo $PASSWORD | {reader}", f"echo yes | {reader}", f"{reader} <<< $PASSWORD"):
        assert redact(other) == other


@pytest.mark.parametrize(
    "line",
    ["echo hello | sudo tee /etc/a", "echo a | grep -S b", "echo superb | summary", "cat <<< word", "echo a; sudo -S b", "x | sudo -S y"],
)
def test_other_standard_input_stays(line: str):
    assert redact(line) == redact(line, executed=True) == line


@pytest.mark.parametrize(
    "line",
    [
        f"requirepass {PASSWORD}",
        f"masterauth {PASSWORD}",
        f"ALTER USER me WITH PASSWORD '{PASSWORD}';",
        f"CREATE USER me IDENTIFIED BY '{PASSWORD}';",
        f"CONFIG SET requirepass {PASSWORD}",
        f"command:\n- redis-server\n- --requirepass\n- {PASSWORD}\n",
        f"- wandb\n- login\n- {PASSWORD}\n",
    ],
)
def test_password_of_statement_is_redacted(line: str):
    assert redact(line) == redact(line, executed=True) == line.replace(PASSWORD, "***")


@pytest.mark.parametrize(
    "line", ["requirepass is set", "# masterauth and requirepass must be equal", "PASSWORD '$PASSWORD'", "identified by a"]
)
def test_other_statement_stays(line: str):
    assert redact(line) == line


@pytest.mark.parametrize(
    "start", ["wandb login", "echo", "redis-server --requirepass", "keytool -storepass", "mc alias set a b c", "rclone obscure"]
)
@pytest.mark.parametrize("payload", [";evil --run", "$(evil)", "`evil`", "|evil", "&&evil"])
def test_payload_after_password_stays(start: str, payload: str):
    for line in (f"{start} x1y2z3w4{payload}", f"{start} x1y2z3w4{payload} | sudo -S sh"):
        assert payload in redact(line, executed=True)


@pytest.mark.parametrize("operator", [";", "|", "&&", "`", "$(", ">", "\n"])
def test_no_command_is_redacted_as_a_password(operator: str):
    line = f"sshpass -p word{operator}curl 198.51.100.7"
    assert "curl 198.51.100.7" in redact(line, executed=True)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_places_are_within_the_text(text: str):
    line = f"curl {text} -u a:b"
    for start, end in find_client_passwords(line):
        assert 0 <= start < end <= len(line)
        assert not set(line[start:end]) & set(" ;|&<>()")


def test_time_is_linear():
    started = time.process_time()
    list(find_client_passwords("curl -u " * 20_000))
    assert time.process_time() - started < 5
