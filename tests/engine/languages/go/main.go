package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"pulumi-tentacle/sdk/go/tentacle"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		node := settings.Require("node")

		instance, err := tentacle.NewTentacleInstance(ctx, "tentacle", &tentacle.TentacleInstanceArgs{
			Nodes: pulumi.ToStringArray([]string{node}),
			Installer: tentacle.InstallerArgs{
				Url:     pulumi.String(settings.Require("installerUrl")),
				Version: pulumi.String(settings.Require("installerVersion")),
				Sha256:  pulumi.String(settings.Require("installerSha256")),
			},
		})
		if err != nil {
			return err
		}

		trust, err := tentacle.NewTrustedServer(ctx, "server", &tentacle.TrustedServerArgs{
			Instance:   instance.Reference,
			Thumbprint: tentacle.GetServerCertificateOutput(ctx, tentacle.GetServerCertificateOutputArgs{}).Thumbprint(),
		})
		if err != nil {
			return err
		}

		target, err := tentacle.NewDeploymentTarget(ctx, "target", &tentacle.DeploymentTargetArgs{
			Host:               pulumi.String(node),
			Name:               pulumi.String("listening"),
			Instance:           trust.Instance,
			ExpectedThumbprint: instance.Thumbprint,
			Environments:       pulumi.ToStringArray([]string{"Production"}),
			Roles:              pulumi.ToStringArray([]string{"app"}),
		})
		if err != nil {
			return err
		}

		ctx.Export("thumbprint", instance.Thumbprint)
		ctx.Export("healthStatus", target.HealthStatus)
		return nil
	})
}
