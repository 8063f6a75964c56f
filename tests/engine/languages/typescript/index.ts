import * as pulumi from "@pulumi/pulumi";
import * as tentacle from "pulumi-tentacle";

const config = new pulumi.Config();
const node = config.require("node");

const instance = new tentacle.TentacleInstance("tentacle", {
    nodes: [node],
    installer: {
        url: config.require("installerUrl"),
        version: config.require("installerVersion"),
        sha256: config.require("installerSha256"),
    },
});

const trust = new tentacle.TrustedServer("server", {
    instance: instance.reference,
    thumbprint: tentacle.getServerCertificateOutput().thumbprint,
});

const target = new tentacle.DeploymentTarget("target", {
    host: node,
    name: "listening",
    instance: trust.instance,
    expectedThumbprint: instance.thumbprint,
    environments: ["Production"],
    roles: ["app"],
});

export const thumbprint = instance.thumbprint;
export const healthStatus = target.healthStatus;
