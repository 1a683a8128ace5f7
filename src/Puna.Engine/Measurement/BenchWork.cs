using Puna.Engine.Cache;
using Puna.Engine.Model;
using Puna.Engine.Plan;

namespace Puna.Engine.Measurement;

/// <summary>The least that a measured repetition must move and do, from the plan.</summary>
/// <param name="Bytes">Weights, once for each pass, and cached keys and values, once for each pass that sees them.</param>
/// <param name="Operations">f32 operations; a multiply-add counts 2.</param>
public readonly record struct BenchWork(double Bytes, double Operations)
{
    /// <summary>Decoding <paramref name="tokens"/> tokens of <paramref name="batch"/> sequences, one pass for each.</summary>
    public static BenchWork Decode(
        ParameterSet weights,
        LayerPlan plan,
        KvCacheShape shape,
        int tokens,
        int batch,
        int depth
    )
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(shape);
        double bytes = 0;
        double operations = 0;
        for (var step = 0; step < tokens; step++)
        {
            var cost = PlanCost.Of(plan, depth + step + 1L);
            bytes += PassBytes(weights) + batch * KvBytes(cost, shape);
            operations += batch * cost.DecodeFlops;
        }

        return new BenchWork(bytes, operations);
    }

    /// <summary>
    /// Reading a prompt of <paramref name="tokens"/> tokens in chunks of <paramref name="chunk"/>; the output matrix is
    /// used for the last token alone.
    /// </summary>
    public static BenchWork Prompt(
        ParameterSet weights,
        LayerPlan plan,
        KvCacheShape shape,
        int tokens,
        int chunk,
        int depth
    )
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(shape);
        double bytes = 0;
        for (var done = 0; done < tokens; done += chunk)
        {
            var seen = depth + Math.Min(tokens, done + (long)chunk);
            bytes += PassBytes(weights) + KvBytes(PlanCost.Of(plan, seen), shape);
        }

        var head = 2.0 * plan.Config.HiddenSize * plan.Config.VocabularySize;
        var whole = (depth + tokens) * Mean(plan, depth + (long)tokens);
        var before = depth == 0 ? 0 : depth * Mean(plan, depth);
        return new BenchWork(bytes, whole - before - (tokens - 1) * head);
    }

    /// <summary>All weights but the embedding, of which a pass reads only the rows of its tokens unless it is the output matrix too.</summary>
    private static long PassBytes(ParameterSet weights) =>
        weights.Bytes
        - (ReferenceEquals(weights.Head, weights.Embedding) ? 0 : weights.Embedding.Bytes);

    private static double KvBytes(PlanCost cost, KvCacheShape shape) =>
        (double)cost.KvReadElements / cost.KvElementsPerToken * shape.BytesPerToken;

    private static double Mean(LayerPlan plan, long length) =>
        PlanCost.Of(plan, length).PrefillFlopsPerToken;
}
