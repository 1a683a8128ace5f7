using System.Text.Json;
using Puna.Engine.Files.Json;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Plans;

/// <summary>An <see cref="MlpSpec"/> in a file.</summary>
internal sealed class SwiGluFormat : ISpecFormat<BranchSpec>
{
    /// <inheritdoc/>
    public string Kind => MlpSpec.KindName;

    /// <inheritdoc/>
    public void Write(BranchSpec spec, Utf8JsonWriter writer, SpecFormats formats)
    {
        var mlp = (MlpSpec)spec;
        writer.WriteNumber("width", mlp.Width);
        writer.WriteBoolean("bias", mlp.Bias);
    }

    /// <inheritdoc/>
    public BranchSpec Read(JsonFields fields, SpecFormats formats) =>
        new MlpSpec(fields.Integer("width"), fields.Flag("bias") ?? false);
}
