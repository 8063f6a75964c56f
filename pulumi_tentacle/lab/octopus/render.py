"""The JSON of the simulated Octopus Server's resources (octopus-api.md §2.2, §3, §4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pulumi_tentacle.lab.octopus.rules import LISTENING
from pulumi_tentacle.lab.octopus.state import (
    Account,
    Endpoint,
    Environment,
    Machine,
    MachinePolicy,
    Octopus,
    Proxy,
    Space,
    TagSet,
    Tenant,
)

Json = dict[str, Any]


def space(item: Space) -> Json:
    return {
        "Id": item.id,
        "Name": item.name,
        "Slug": slug(item.name),
        "Description": "",
        "IsDefault": item.is_default,
        "IsPrivate": False,
        "TaskQueueStopped": item.task_queue_stopped,
        "SpaceManagersTeams": [],
        "SpaceManagersTeamMembers": [],
        "Links": {"Self": f"/api/spaces/{item.id}", "SpaceHome": f"/api/{item.id}"},
    }


def user(account: Account) -> Json:
    return {
        "Id": account.id,
        "Username": account.user_name,
        "DisplayName": account.user_name,
        "IsActive": account.active,
        "IsService": False,
        "EmailAddress": None,
        "IsRequestor": True,
        "Links": {"Self": f"/api/users/{account.id}", "Spaces": f"/api/users/{account.id}/spaces"},
    }


def certificate(octopus: Octopus) -> Json:
    path = "/api/configuration/certificates/certificate-global"
    return {
        "Id": "certificate-global",
        "Name": "Octopus Server",
        "Thumbprint": octopus.certificate.thumbprint,
        "SignatureAlgorithm": octopus.certificate.signature_algorithm,
        "Links": {"Self": path, "PublicCer": f"{path}/public-cer"},
    }


def environment(item: Environment) -> Json:
    return {
        "Id": item.id,
        "Name": item.name,
        "Slug": slug(item.name),
        "Description": "",
        "SortOrder": item.sort_order,
        "UseGuidedFailure": False,
        "AllowDynamicInfrastructure": True,
        "EnvironmentTags": [],
        "ExtensionSettings": [],
        "SpaceId": item.space_id,
        "Links": {"Self": f"/api/{item.space_id}/environments/{item.id}"},
    }


def environment_v2(item: Environment) -> Json:
    return environment(item) | {"Type": "Static"}


def policy(item: MachinePolicy) -> Json:
    behaviour = "ExpectedToBeOnline" if item.expected_online else "MayBeOfflineAndCanBeSkipped"
    return {
        "Id": item.id,
        "Name": item.name,
        "Description": "",
        "IsDefault": item.is_default,
        "MachineHealthCheckPolicy": {
            "HealthCheckType": item.health_check_type,
            "HealthCheckInterval": "01:00:00",
            "HealthCheckCron": None,
            "HealthCheckCronTimezone": "UTC",
            "PowerShellHealthCheckPolicy": {"RunType": "InheritFromDefault", "ScriptBody": None},
            "BashHealthCheckPolicy": {"RunType": "InheritFromDefault", "ScriptBody": None},
        },
        "MachineConnectivityPolicy": {"MachineConnectivityBehavior": behaviour},
        "MachineCleanupPolicy": {"DeleteMachinesBehavior": "DoNotDelete", "DeleteMachinesElapsedTimeSpan": "00:00:00"},
        "MachineUpdatePolicy": {
            "CalamariUpdateBehavior": "UpdateOnDeployment",
            "TentacleUpdateBehavior": "NeverUpdate",
            "TentacleUpdateAccountId": None,
        },
        "SpaceId": item.space_id,
        "Links": {"Self": f"/api/{item.space_id}/machinepolicies/{item.id}"},
    }


def proxy(item: Proxy) -> Json:
    return {
        "Id": item.id,
        "Name": item.name,
        "Host": item.host,
        "Port": item.port,
        "ProxyType": "HTTP",
        "Username": None,
        "Password": {"HasValue": False, "NewValue": None, "Hint": None},
        "SpaceId": item.space_id,
        "Links": {"Self": f"/api/{item.space_id}/proxies/{item.id}"},
    }


def tenant(item: Tenant) -> Json:
    return {
        "Id": item.id,
        "Name": item.name,
        "Slug": slug(item.name),
        "Description": "",
        "TenantTags": item.tags,
        "ProjectEnvironments": {},
        "IsDisabled": False,
        "SpaceId": item.space_id,
        "Links": {"Self": f"/api/{item.space_id}/tenants/{item.id}"},
    }


def tag_set(item: TagSet) -> Json:
    return {
        "Id": item.id,
        "Name": item.name,
        "Type": "MultiSelect",
        "Scopes": item.scopes,
        "IsSystem": False,
        "Tags": [
            {
                "Id": f"{item.id}/Tags-{number}",
                "Name": tag,
                "CanonicalTagName": f"{item.name}/{tag}",
                "Color": "#333333",
                "Description": "",
                "SortOrder": number,
            }
            for number, tag in enumerate(item.tags)
        ],
        "SpaceId": item.space_id,
        "Links": {"Self": f"/api/{item.space_id}/tagsets/{item.id}"},
    }


def machine(item: Machine, *, whole: bool = True) -> Json:
    """A deployment target or worker. Items of a list come without LastModifiedOn (octopus-api.md §1.5)."""
    kind = "machines" if item.worker_pool_ids is None else "workers"
    path = f"/api/{item.space_id}/{kind}/{item.id}"
    shown: Json = {
        "Id": item.id,
        "Name": item.name,
        "Slug": slug(item.name),
        "SpaceId": item.space_id,
        "Thumbprint": item.endpoint.thumbprint,  # the two mirrors of the endpoint, obsolete but still there
        "Uri": item.endpoint.uri if item.endpoint.style == LISTENING else "",
        "MachinePolicyId": item.policy_id,
        "IsDisabled": item.is_disabled,
        "SkipInitialHealthCheck": False,
        "HealthStatus": item.health,
        "StatusSummary": item.summary,
        "HasLatestCalamari": item.has_latest_calamari,
        "IsInProcess": False,
        "OperatingSystem": item.operating_system,
        "ShellName": item.shell_name,
        "ShellVersion": item.shell_version,
        "Endpoint": endpoint(item.endpoint),
        "Links": {"Self": path, "Connection": f"{path}/connection"},
    }
    if item.worker_pool_ids is None:
        shown |= {
            # Sets without an order of their own: users met other orders than they wrote (TFI 905, 133).
            "EnvironmentIds": sorted(item.environment_ids, reverse=True),
            "Roles": sorted(item.roles, reverse=True),
            "TenantedDeploymentParticipation": item.participation,
            "TenantIds": sorted(item.tenant_ids, reverse=True),
            "TenantTags": sorted(item.tenant_tags, reverse=True),
        }
        shown["Links"]["TasksTemplate"] = path + "/tasks{?skip,take}"
    else:
        shown["WorkerPoolIds"] = item.worker_pool_ids
    if whole:
        shown["LastModifiedOn"] = moment(item.last_modified)
    return shown


def endpoint(item: Endpoint) -> Json:
    details = item.version and {
        "UpgradeLocked": item.version.upgrade_locked,
        "Version": item.version.version,
        "UpgradeSuggested": False,
        "UpgradeRequired": False,
        "UpgradeAvailable": False,
    }
    return {
        "Id": None,
        "CommunicationStyle": item.style,
        "DeploymentTargetType": item.style,
        "Uri": item.uri,
        "Thumbprint": item.thumbprint,
        "ProxyId": item.proxy_id,
        "TentacleVersionDetails": details,
        "CertificateSignatureAlgorithm": item.signature_algorithm,
        "LastModifiedOn": None,
        "LastModifiedBy": None,
        "Links": {},
    }


def slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="milliseconds") if value else None


def long_date(value: datetime) -> str:
    """As a StatusSummary shows it: `Tuesday, 29 September 2020 10:11:31 AM +00:00`."""
    return value.strftime("%A, %d %B %Y %I:%M:%S %p +00:00")
