using System.Text.Json;
using Puna.Engine.Files.Json;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Plans;

/// <summary>An <see cref="AttentionSpec"/> in a file.</summary>
internal sealed class AttentionFormat : ISpecFormat<BranchSpec>
{
    /// <inheritdoc/>
    public string Kind => AttentionSpec.KindName;

    /// <inheritdoc/>
    public void Write(BranchSpec spec, Utf8JsonWriter writer, SpecFormats formats)
    {
        var attention = (AttentionSpec)spec;
        writer.WriteNumber("bank", attention.Bank);
        writer.WriteNumber("heads", attention.Heads);
        writer.WriteNumber("head_dim", attention.HeadDim);
        writer.WriteNumber("window", attention.Mask.Window);
        writer.WriteNumber("scale", attention.Scale);
        writer.WriteBoolean("rotary", attention.Rotary);
        writer.WriteBoolean("query_key_norm", attention.QueryKeyNorm);
        writer.WriteBoolean("input_bias", attention.InputBias);
        writer.WriteBoolean("output_bias", attention.OutputBias);
    }

    /// <inheritdoc/>
    public BranchSpec Read(JsonFields fields, SpecFormats formats) =>
        new AttentionSpec
        {
            Bank = fields.Integer("bank"),
            Heads = fields.Integer("heads"),
            HeadDim = fields.Integer("head_dim"),
            Mask = new AttentionMask(fields.OptionalInteger("window") ?? 0),
            Scale = (float)(
                fields.Number("scale")
                ?? throw new InputException($"{fields.Source} lacks the field 'scale'.")
            ),
            Rotary = fields.Flag("rotary") ?? true,
            QueryKeyNorm = fields.Flag("query_key_norm") ?? false,
            InputBias = fields.Flag("input_bias") ?? false,
            OutputBias = fields.Flag("output_bias") ?? false,
        };
}
