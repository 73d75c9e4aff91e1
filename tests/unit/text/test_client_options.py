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


@pytest.mark.parametrize("line", LINES)
def test_password_of_client_is_redacted(line: str):
    words = line.replace("'", "").split()
    for text in (line, repr(words), str(words).replace("'", '"'), f"Error: `{line}` failed"):
        assert PASSWORD not in redact(text)
        assert words[0] in redact(text)
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
