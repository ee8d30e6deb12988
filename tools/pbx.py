"""./run pbx: a real Asterisk with the configuration of asterisk-conf, in the foreground."""

from __future__ import annotations

import signal

from tools import prepare
from tools.ground import Stop, alone, say
from tools.stages import demand, run_stages

_TOLD = """
A real Asterisk is running, configured from asterisk-conf/.

  SIP       udp {host}:{sip}
  phones    101, 102, 103 (passwords change-me-101 ...): register a softphone of this machine, or play one with SIPp:
            sipp -sn uas -i {host} -p {phone} {host}:{sip}
  a call    sipp -sn uac -s {did} -i {host} -p {caller} -mp {media} -d 20000 -m 1 {host}:{sip}
  AMI       {host}:{ami}  user {user}  secret {secret}
  console   chroot {root} asterisk -C {config} -rvvv
  logs      {log}

The product on it (after ./run build), in another terminal:

  export CALLCENTER_PBX__MAIN__HOST={host} CALLCENTER_PBX__MAIN__PORT={ami}
  export CALLCENTER_PBX__MAIN__USERNAME={user} CALLCENTER_PBX__MAIN__SECRET={secret}
  export CALLCENTER_RECORDINGS__SPOOL={spool}/monitor
  .venv/bin/callcenter migrate && .venv/bin/callcenter user add admin --role admin && .venv/bin/callcenter run

Ctrl-C ends it; nothing of it stays.
"""


def main() -> int:
    """Until Ctrl-C."""
    with alone():
        demand(run_stages(prepare.machine({"pbx"})))
    from tests.lab.asterisk import AMI_SECRET, AMI_USER, Asterisk, LabError

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Asterisk() as pbx:
            ports = pbx.ports
            inside = f"/srv/{pbx.name}/etc/asterisk.conf"
            say(
                _TOLD.format(
                    host=pbx.host,
                    sip=ports.sip,
                    ami=ports.ami,
                    phone=ports.phone("101"),
                    did="7001",
                    caller=ports.callers[0],
                    media=ports.callers[1],
                    user=AMI_USER,
                    secret=AMI_SECRET,
                    root=pbx.root,
                    config=inside,
                    log=pbx.log,
                    spool=pbx.spool,
                )
            )
            signal.pause()
    except LabError as lack:
        raise Stop(str(lack)) from None
    except KeyboardInterrupt:
        return 0
    return 0
