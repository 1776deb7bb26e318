# SPDX-License-Identifier: MIT
"""A real Asterisk, run from an unpacked tree on free ports of the loopback interface.

Every server has a private directory for its configuration, logs, database and spool, so that any
number of them run side by side from one tree that is only read. The program is started by the
tree's own dynamic loader: no chroot, no root, and the programs that the dialplan runs are this
machine's own.
"""

import math
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from archive import Selection, loader, unpacked

HERE = Path(__file__).resolve().parent

#: What the archive has, by Asterisk's major version. Left out is what only modules want that the
#: configuration does not load, and what only maintainer scripts call.
SELECTIONS = {
    22: Selection(
        "forky",
        ("asterisk",),
        "perl|libperl|libsnmp|libsensors|libcodec2|libicu|libical|gnupg|gpg|dirmngr|pinentry|passwd"
        "|adduser|debconf|libpam|libc-gconv|libnss3|libnspr4|libasound|libjack|libportaudio|tzdata",
    ),
    16: Selection(
        "bullseye",
        ("asterisk", "asterisk-voicemail"),
        "perl|libperl|libsnmp|libsensors|libical|gnupg|gpg|dirmngr|pinentry|passwd|adduser|debconf"
        "|libpam|libnss3|libnspr4|libasound|libjack|libportaudio|tzdata|dpkg|tar_",
    ),
}

#: The modules that are loaded, as patterns of names.
MODULES = (
    "app_cdr app_chanspy app_channelredirect app_confbridge app_controlplayback app_dial "
    "app_directed_pickup app_dtmfstore app_echo app_exec app_mixmonitor app_originate app_playback "
    "app_queue app_read app_record app_senddtmf app_sendtext app_softhangup app_stack app_system "
    "app_userevent app_verbose app_voicemail app_waituntil app_while bridge_* cdr_manager "
    "cel_manager chan_bridge_media chan_pjsip codec_a_mu codec_alaw codec_gsm codec_resample "
    "codec_ulaw format_gsm format_pcm format_sln format_wav func_* pbx_config pbx_spool res_agi "
    "res_ari* res_clialiases res_convert res_http_websocket res_manager_* res_musiconhold "
    "res_mutestream res_parking res_pjproject res_pjsip* res_rtp_asterisk res_security_log res_sorcery_* "
    "res_speech res_stasis* res_timing_timerfd res_websocket_client"
).split()

#: Matched by MODULES, but each wants a library or a configuration that is not here.
NOT_MODULES = (
    "app_voicemail_imap app_voicemail_odbc func_aes func_curl func_odbc func_pitchshift func_speex "
    "res_ari_mailboxes res_pjsip_config_wizard res_pjsip_geolocation res_pjsip_phoneprov_provider "
    "res_pjsip_stir_shaken res_pjsip_transport_websocket res_stasis_broadcast res_stasis_mailbox "
    "res_stasis_test"
).split()

#: Extensions of the context `bulk`: `dialplan show bulk` prints a line for each and a few more.
BULK_EXTENSIONS = 10000


def tree(version: int, refresh: bool = False) -> Path:
    """Return the directory with an unpacked Asterisk of the major `version`.

    Raises
    ------
    archive.Unavailable
        It cannot be had here; the text says why.
    """
    path = unpacked(SELECTIONS[version], f"asterisk-{version}", refresh)
    # What the package's maintainer scripts would have linked.
    language = path / "usr/share/asterisk/sounds/en"
    if not language.is_symlink() and not language.exists():
        language.symlink_to("en_US_f_Allison")
    return path


class AsteriskServer:
    """One server: its directory, its ports and its process.

    Parameters
    ----------
    version : int
        Asterisk's major version, a key of `SELECTIONS`.
    directory : Path, optional
        Where its files go; it is kept. Without it, a temporary directory that `close` removes.

    Attributes
    ----------
    host : str
        The address it listens on.
    ami_port, tls_port, http_port, sip_port : int
        TCP ports of AMI, AMI over TLS, HTTP; UDP port of SIP.
    certificate : Path
        The server's certificate, to be trusted as an authority by clients.
    log : Path
        Its log file.
    agi_bin : Path
        Where it looks for the programs of `AGI(name)`.
    sounds : Path
        Files to play: `tone`, of 1000 Hz.
    """

    host = "127.0.0.1"

    def __init__(self, version: int, directory: Optional[Path] = None) -> None:
        self.version = version
        self.tree = tree(version)
        self._temporary = directory is None
        # Short, for the path of a UNIX socket has 107 bytes and no more.
        self.directory = directory or Path(tempfile.mkdtemp(prefix=f"asterisk-{version}-"))
        self.certificate = self.directory / "etc/keys/ami.crt"
        self.log = self.directory / "log/full"
        self.agi_bin = self.directory / "agi-bin"
        self.sounds = self.directory / "sounds"
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._holders: List[socket.socket] = []
        self.ami_port = self.tls_port = self.http_port = self.sip_port = 0

    def __enter__(self) -> "AsteriskServer":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> Optional[int]:
        """The process's number while it was started and not stopped."""
        return self._process.pid if self._process else None

    def start(self, timeout: float = 60.0) -> None:
        """Start on free ports and return when the server is fully booted.

        Raises
        ------
        RuntimeError
            It ended, or was not ready after `timeout` seconds; the text has the end of its log.
        """
        for attempt in range(5):
            self._let_go()
            self._holders, ports = _held_ports(4)
            self.ami_port, self.tls_port, self.http_port, self.sip_port = ports
            self._configure()
            try:
                self.run(timeout)
                return
            except _PortTaken:
                if attempt == 4:
                    raise

    def run(self, timeout: float = 60.0) -> None:
        """Start again with the configuration and the ports of before; otherwise as `start`."""
        self.log.unlink(missing_ok=True)
        with (self.directory / "log/output").open("wb") as output:
            self._process = subprocess.Popen(
                [*loader(self.tree), str(self.tree / "usr/sbin/asterisk")]
                + ["-f", "-C", str(self.directory / "etc/asterisk.conf")],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_booted(time.monotonic() + timeout)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End the process: politely, and after 3 seconds not so."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self.wait(3)
        self.kill()

    def wait(self, timeout: float) -> None:
        """Wait for the process to end by itself, but for `timeout` seconds at most."""
        if self._process is not None:
            try:
                self._process.wait(timeout)
                self._process = None
            except subprocess.TimeoutExpired:
                pass

    def close(self) -> None:
        """Stop, and remove the files when their directory is temporary."""
        self.stop()
        self._let_go()
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _let_go(self) -> None:
        for holder in self._holders:
            holder.close()
        self._holders = []

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of what the server logged and printed."""
        text = ""
        for path in (self.directory / "log/output", self.log):
            if path.is_file():
                text += "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) + "\n"
        return text

    def _wait_until_booted(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"Asterisk {self.version} ended:\n{self.log_tail()}")
            # Asterisk runs on without AMI when it cannot have the port.
            if self.log.is_file() and "Unable to bind" in self.log.read_text(errors="replace"):
                raise _PortTaken(self.log_tail())
            if self._is_booted(deadline):
                return
            time.sleep(0.05)
        raise RuntimeError(f"Asterisk {self.version} did not start in time:\n{self.log_tail()}")

    def _is_booted(self, deadline: float) -> bool:
        """Log in and wait for FullyBooted: a login is accepted before the modules are there."""
        login = b"Action: Login\r\nUsername: admin\r\nSecret: secret\r\nEvents: system\r\n\r\n"
        try:
            with socket.create_connection((self.host, self.ami_port), 5) as connection:
                connection.sendall(login)
                received = b""
                while time.monotonic() < deadline:
                    data = connection.recv(65536)
                    received += data
                    if b"Event: FullyBooted" in received:
                        return True
                    if not data:
                        break
        except OSError:
            pass
        return False

    def _configure(self) -> None:
        """Write the configuration, which is etc/ with the names between @ signs filled in."""
        etc = self.directory / "etc"
        for name in ("etc/keys", "log/cdr-csv", "run", "cache", "var/keys", "db", "agi-bin"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        for name in ("monitor", "outgoing", "recording", "tmp", "voicemail"):
            (self.directory / "spool" / name).mkdir(parents=True, exist_ok=True)
        values = {
            "DIRECTORY": str(self.directory),
            "TREE": str(self.tree),
            "MODULES": str(_module_directory(self.tree)),
            "VERSION": str(self.version),
            "AMI_PORT": str(self.ami_port),
            "TLS_PORT": str(self.tls_port),
            "HTTP_PORT": str(self.http_port),
            "SIP_PORT": str(self.sip_port),
            "LOAD_MODULES": "\n".join(f"load = {name}" for name in _modules(self.tree)),
            "BULK_EXTENSIONS": "\n".join(
                f"exten => {100000 + i},1,NoOp(bulk extension {i})"
                for i in range(1, BULK_EXTENSIONS + 1)
            ),
        }
        for template in sorted((HERE / "etc").glob("*.conf")):
            (etc / template.name).write_text(_filled_in(template.read_text(), values))
        _make_tones(self.directory / "sounds")
        if not self.certificate.is_file():
            _make_certificate(self.certificate.parent)


class _PortTaken(RuntimeError):
    """Another program took a port between its choice and the server's start."""


def _filled_in(text: str, values: Dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _held_ports(n: int) -> Tuple[List[socket.socket], List[int]]:
    """Return ports of the loopback interface that nobody uses, for TCP and UDP alike.

    The sockets hold the TCP ports, while the server does not run, too: beside one that does not
    listen another may be bound, if both allow it, as Asterisk does, and nobody is given the port.
    """
    holders: List[socket.socket] = []
    ports: List[int] = []
    while len(ports) < n:
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        holders.append(tcp)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((AsteriskServer.host, 0))
        port: int = tcp.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                udp.bind((AsteriskServer.host, port))
            except OSError:
                continue
        ports.append(port)
    return holders, ports


def _module_directory(root: Path) -> Path:
    """Return where `root` keeps Asterisk's modules, which is not the same in all versions."""
    for directory in sorted((root / "usr/lib").glob("**/asterisk/modules")):
        return directory
    raise RuntimeError(f"no modules of Asterisk in {root}")


def _modules(root: Path) -> List[str]:
    names = sorted(path.name for path in _module_directory(root).glob("*.so"))
    return [
        name
        for name in names
        if any(fnmatch(name, pattern + ".so") for pattern in MODULES)
        and not any(fnmatch(name, pattern + ".so") for pattern in NOT_MODULES)
    ]


def _make_tones(sounds: Path) -> None:
    """Make files of 1000 Hz, signed linear: 10 s with 8000 and 16000 samples a second, and 1 s."""
    sounds.mkdir(exist_ok=True)
    tones = (("tone.sln", 8000, 10), ("tone.sln16", 16000, 10), ("tone-short.sln", 8000, 1))
    for name, rate, seconds in tones:
        # Both rates are multiples of 1000, so that one millisecond is one period.
        period = rate // 1000
        wave = [round(8000 * math.sin(2 * math.pi * i / period)) for i in range(period)]
        (sounds / name).write_bytes(struct.pack(f"<{period}h", *wave) * (1000 * seconds))


def _make_certificate(keys: Path) -> None:
    """Make ami.crt, which signs itself, and ami.pem, which has its key as well."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", str(keys / "ami.key"), "-out", str(keys / "ami.crt")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    pem = (keys / "ami.key").read_bytes() + (keys / "ami.crt").read_bytes()
    (keys / "ami.pem").write_bytes(pem)
    os.chmod(keys / "ami.pem", 0o600)
