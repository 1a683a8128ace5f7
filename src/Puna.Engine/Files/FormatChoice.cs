using Puna.Engine.Files.Models;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files;

/// <summary>Which format each matrix of a new file gets.</summary>
/// <param name="Format">Format of the matrices; null keeps each as it is.</param>
/// <param name="Pure">True: embedding and output head get it too, where it has four bits or less.</param>
/// <param name="Rules">Formats of the tensors that match a pattern; the first that matches wins over all else.</param>
public sealed record FormatChoice(
    WeightFormat? Format,
    bool Pure = false,
    IReadOnlyList<TensorFormatRule>? Rules = null
)
{
    /// <summary>Q4_1's bits for an element, the most that count as a 4-bit format.</summary>
    private static readonly double s_fourBits = BitsPerElement(WeightFormats.Q4_1);

    /// <summary>Every format that is asked for.</summary>
    internal IEnumerable<WeightFormat> Asked =>
        (Rules ?? [])
            .Select(rule => (WeightFormat?)rule.Format)
            .Append(Format)
            .OfType<WeightFormat>();

    internal static double BitsPerElement(WeightFormat format) =>
        8.0 * format.BlockBytes / format.BlockSize;

    /// <summary>Checks that each rule concerns a matrix.</summary>
    /// <exception cref="InputException">One concerns none.</exception>
    internal void RequireMatches(LayerPlan plan)
    {
        var matrices = plan.Parameters().Where(spec => spec.IsMatrix).ToList();
        if (Rules?.FirstOrDefault(rule => !matrices.Any(spec => Matches(rule, spec))) is { } idle)
        {
            throw new InputException(
                $"No matrix matches '{PrintableText.Short(idle.Pattern)}' of --tensor-type; patterns such as '*ffn_down*' match whole names such as '{GgufNames.FindGguf(matrices[^1].Name) ?? matrices[^1].Name}'."
            );
        }
    }

    /// <summary>What is asked for a matrix, or null when it stays as it is.</summary>
    internal WeightFormat? For(ParameterSpec spec)
    {
        var rule = Rules?.FirstOrDefault(rule => Matches(rule, spec));
        if (rule is not null)
        {
            return rule.Format;
        }

        if (Format is not { } format)
        {
            return null;
        }

        // What is looked up and what makes the logits loses most; they are few of the weights.
        var isEnd = spec.Module is Modules.Embedding or Modules.Head;
        return !isEnd || Pure || BitsPerElement(format) > s_fourBits ? format
            : spec.Columns % WeightFormats.Q6_K.BlockSize == 0 ? WeightFormats.Q6_K
            : WeightFormats.Q8_0;
    }

    private static bool Matches(TensorFormatRule rule, ParameterSpec spec) =>
        rule.Matches(spec.Name)
        || (GgufNames.FindGguf(spec.Name) is { } stored && rule.Matches(stored));
}
