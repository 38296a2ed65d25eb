"""All tasks, by the names that are typed."""

from __future__ import annotations

from invoke import Collection

from . import tasks
from .runbook import about, fix, host, image, lock, machine, net, service, settings, watch

ns = Collection(
    *(tasks.deploy, tasks.rollback, tasks.status, tasks.doctor, tasks.heal, tasks.history, tasks.exec_),
    *(about.about, settings.init, settings.hosts, settings.config),
)
for module in (machine, image, service, net, fix, lock, watch, host):
    ns.add_collection(Collection.from_module(module))
ns.collections["host"].add_task(settings.add)
