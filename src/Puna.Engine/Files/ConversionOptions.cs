using Puna.Engine.Text;

namespace Puna.Engine.Files;

/// <summary>What becomes of a model in a conversion.</summary>
public sealed record ConversionOptions
{
    /// <summary>Formats of the matrices; each keeps its own unless one is asked for.</summary>
    public FormatChoice Formats { get; init; } = new(Format: null);

    /// <summary>The tokenizer that the model gets instead of its own, or null; its chat template stays where this one has none.</summary>
    public TokenizerData? Tokenizer { get; init; }

    /// <summary>Files besides the model's that are read, such as those of <see cref="Tokenizer"/>: none of them is replaced.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Replaces a model of another family, or what is no model, under the target name.</summary>
    public bool Force { get; init; }
}
