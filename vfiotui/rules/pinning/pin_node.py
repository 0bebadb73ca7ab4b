"""A guest's CPUs and memory are on the node of its devices.

Expected
    On a host with several NUMA nodes the pinned CPUs lie on one node, that of the PCI devices where it is
    known, and <numatune> keeps the memory there strictly. Of a guest that sees several nodes (<numa>) each lies
    on one node with its memory (<memnode>).
Why
    Memory and devices of another node are reached through the link between the packages: slower, and shared
    with everything else.
How it is read
    <vcpupin>, <numa>, <numatune>, node lists, numa_node of the hostdevs.
Fix
    Pin the guest to the node of its card, and set <memory mode='strict' nodeset=>.
Valid for
    Hosts with several nodes.
Sources
    libvirt formatdomain, NUMA node tuning; Linux ABI, sysfs-bus-pci.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.guest_nodes import cell_faults, cells_of
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_pci import devices_of
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen

NODES = ("/sys/devices/system/node/node*/cpulist",)


@guest_rule("PIN-NODE", Severity.WARN, needs=("cpu",), fires="guest-nodes", silent="guest-near", reads=NODES)
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.fixed_pins:
        return
    topology = known(facts.cpu)
    populated = [n for n in topology.nodes if or_else(n.cpus, frozenset())]
    if len(populated) < 2:
        return
    pins = frozenset(domain.fixed_pins.values())
    homes = {n.node for n in populated if pins & or_else(n.cpus, frozenset())}
    near = _nodes_of_devices(facts, domain)
    backing = domain.backing
    memory = f"{backing.node_mode or 'not bound'} {format_list(backing.nodes)}".rstrip()
    evidence = (
        seen(domain.source, f"vCPUs on node {format_list(homes)}, memory {memory}"),
        seen("/sys/bus/pci/devices/*/numa_node", f"devices on node {format_list(near) or 'unknown'}"),
    )
    propose = fix("pin it to one node", Risk.R2, ("pin.propose", domain.name))
    if len(domain.cells) > 1:
        node_of = {cpu: n.node for n in populated for cpu in or_else(n.cpus, frozenset())}
        pinned = {vcpu: frozenset({cpu}) for vcpu, cpu in domain.fixed_pins.items()}
        faults = cell_faults(cells_of(domain), pinned, node_of.get)
        if faults:
            mend = fix("pin the vCPUs of each of its nodes to the node of its memory (<memnode>)", Risk.R2)
            yield fails(
                domain.name, f"It sees {len(domain.cells)} NUMA nodes: {'; '.join(faults)}.", *evidence, fix=mend
            )
        else:
            yield holds(domain.name, "each of its NUMA nodes is whole on one of the host's", *evidence)
    elif len(homes) > 1 and (domain.topology is None or domain.topology[0] * domain.topology[1] < 2):
        yield fails(
            domain.name, f"Its vCPUs lie on nodes {format_list(homes)}, and it does not know.", *evidence, fix=propose
        )
    elif near and not homes & near:
        yield fails(
            domain.name,
            f"Its devices are on node {format_list(near)} and its vCPUs on node {format_list(homes)}.",
            *evidence,
            fix=propose,
        )
    elif backing.node_mode != "strict" or not backing.nodes <= homes:
        node = str(min(homes))
        yield fails(
            domain.name,
            f"Its memory may come from any node; its vCPUs are on node {format_list(homes)}.",
            *evidence,
            fix=fix("bind its memory to that node", Risk.R2, ("domain.memory.node", node)),
        )
    else:
        yield holds(domain.name, f"CPUs and memory are on node {format_list(homes)}", *evidence)


def _nodes_of_devices(facts: Facts, domain: Domain) -> frozenset[int]:
    """Nodes of the given devices, as far as they are known."""
    if not domain.pci_hostdevs or isinstance(facts.pci, Unread):
        return frozenset()
    nodes = (or_else(d.numa_node, None) for d in known(devices_of(domain, facts.pci)))
    return frozenset(n for n in nodes if n is not None)
