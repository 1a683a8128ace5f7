using System.IO.Enumeration;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files;

/// <summary>The format of all tensors whose name matches a pattern.</summary>
/// <param name="Pattern">A name as either form of file spells it, with * for any characters and ? for one.</param>
/// <param name="Format">Their format.</param>
public sealed record TensorFormatRule(string Pattern, WeightFormat Format)
{
    /// <summary>Reads PATTERN=FORMAT.</summary>
    /// <exception cref="InputException">It is not of that form, or the format cannot be written.</exception>
    public static TensorFormatRule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var split = text.LastIndexOf('=');
        return split > 0
            ? new TensorFormatRule(
                text[..split],
                OutputFormats.Parse(text[(split + 1)..], OutputFormats.Encodable)
            )
            : throw new InputException(
                $"'{PrintableText.Short(text)}' is no PATTERN=FORMAT, such as '*ffn_down*=q6_k'."
            );
    }

    /// <summary>True when a tensor of this name is meant.</summary>
    internal bool Matches(string name) =>
        FileSystemName.MatchesSimpleExpression(Pattern, name, ignoreCase: false);
}
