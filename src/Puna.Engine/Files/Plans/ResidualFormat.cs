using System.Text.Json;
using Puna.Engine.Files.Json;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Plans;

/// <summary>A <see cref="ResidualStep"/> in a file.</summary>
internal sealed class ResidualFormat : ISpecFormat<LayerStep>
{
    private const int LongestModule = 64;

    /// <inheritdoc/>
    public string Kind => ResidualStep.KindName;

    /// <inheritdoc/>
    public void Write(LayerStep spec, Utf8JsonWriter writer, SpecFormats formats)
    {
        var step = (ResidualStep)spec;
        writer.WriteString("norm", step.Norm);
        writer.WriteString("post_norm", step.PostNorm);
        writer.WritePropertyName("branch");
        formats.Write(step.Branch, writer);
    }

    /// <inheritdoc/>
    public LayerStep Read(JsonFields fields, SpecFormats formats) =>
        new ResidualStep(
            formats.ReadBranch(
                fields.Object("branch")
                    ?? throw new InputException(
                        $"{fields.Source} has a residual step without a branch."
                    )
            ),
            Module(fields, "norm"),
            Module(fields, "post_norm")
        );

    private static string? Module(JsonFields fields, string name)
    {
        var module = fields.Text(name);
        return
            module is null
            || (
                module.Length is > 0 and <= LongestModule
                && module.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.')
            )
            ? module
            : throw new InputException(
                $"{fields.Source} names the module '{PrintableText.Short(module)}' as {name}; 1 to {LongestModule} letters, digits, dots and underscores are accepted."
            );
    }
}
