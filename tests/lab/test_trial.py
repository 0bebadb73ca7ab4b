"""A healthy trial boot is kept: the check takes the note away, and the next start has passthrough again."""

from __future__ import annotations

from tests.lab.machine import Lab
from tests.lab.test_boots import GPU, SOUND, given, predicted, right


def test_a_healthy_trial_stays(lab: Lab) -> None:
    done = lab.vfiotui("isolate 01:00.0 --trial --apply --yes")
    assert done.code == 0, done.all
    assert "vfiotui_trial=armed" in lab.must("grub-editenv - list")
    told = predicted(lab)
    lab.reboot()
    assert given(right(lab, "a healthy trial", told)) == {GPU, SOUND}
    lab.wait("! test -e /etc/vfiotui/trial.sh", "the check has ended")
    assert "vfiotui_trial" not in lab.must("grub-editenv - list")
    assert "passthrough stays" in lab.must("journalctl -b -u vfiotui-trial -o cat")
    told = predicted(lab)
    lab.reboot()
    assert given(right(lab, "after the trial", told)) == {GPU, SOUND}
    assert lab.vfiotui("verify").code == 0
