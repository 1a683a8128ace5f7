namespace Puna.Engine.Plan;

/// <summary>
/// Exact parameters, FLOPs and bytes of a plan, by the cost formulas of the layer plan (a multiply-add counts 2).
/// </summary>
/// <param name="Parameters">All parameters, tied matrices once.</param>
/// <param name="LayerParameters">Parameters inside the layers.</param>
/// <param name="DecodeFlops">FLOPs of the forward pass of the token at position context - 1.</param>
/// <param name="PrefillFlopsPerToken">FLOPs of the forward pass, mean over a sequence of the context's length.</param>
/// <param name="TrainFlopsPerToken">3 times the forward pass.</param>
/// <param name="KvElementsPerToken">Keys and values stored for a token: 2 * Hk * dh summed over banks (not layers).</param>
/// <param name="KvReadElements">Keys and values read to decode the token at position context - 1, summed over layers.</param>
public sealed record PlanCost(
    long Parameters,
    long LayerParameters,
    double DecodeFlops,
    double PrefillFlopsPerToken,
    double TrainFlopsPerToken,
    long KvElementsPerToken,
    long KvReadElements
)
{
    /// <summary>Computes the cost for sequences of <paramref name="context"/> tokens.</summary>
    public static PlanCost Of(LayerPlan plan, long context)
    {
        var config = plan.Config;
        long hidden = config.HiddenSize;
        long layerParameters = 0;
        double linear = 0;
        double attentionMean = 0;
        double attentionLast = 0;
        long read = 0;
        foreach (var layer in plan.Layers)
        {
            var attention = layer.Attention;
            var bank = plan.Banks[attention.Bank];
            var makes = plan.MakesKeysAndValues(layer);
            long queryWidth = (long)attention.Heads * attention.HeadDim;
            long bankWidth = makes ? (long)bank.Heads * bank.HeadDim : 0;
            var matrices =
                2 * hidden * queryWidth + 2 * hidden * bankWidth + 3 * hidden * layer.Mlp.Width;
            linear += 2.0 * matrices;
            attentionMean += 4.0 * queryWidth * attention.Mask.MeanKeys(context);
            attentionLast += 4.0 * queryWidth * attention.Mask.KeysAt(context - 1);
            read += 2L * bank.Heads * bank.HeadDim * attention.Mask.KeysAt(context - 1);
            layerParameters +=
                matrices + VectorParameters(layer, makes, hidden, queryWidth, bankWidth);
        }

        var embedding = hidden * config.VocabularySize;
        var head = 2.0 * embedding;
        return new PlanCost(
            layerParameters + hidden + embedding * (config.TieEmbeddings ? 1 : 2),
            layerParameters,
            linear + attentionLast + head,
            linear + attentionMean + head,
            3 * (linear + attentionMean + head),
            plan.Banks.Sum(bank => 2L * bank.Heads * bank.HeadDim),
            read
        );
    }

    private static long VectorParameters(
        LayerSpec layer,
        bool makes,
        long hidden,
        long queryWidth,
        long bankWidth
    )
    {
        var count = hidden * (layer.PostNorm ? 4 : 2);
        var attention = layer.Attention;
        count += attention.InputBias ? queryWidth + 2 * bankWidth : 0;
        count += attention.OutputBias ? hidden : 0;
        count += layer.Mlp.Bias ? 2L * layer.Mlp.Width + hidden : 0;
        count += attention.QueryKeyNorm ? attention.HeadDim * (makes ? 2 : 1) : 0;
        return count;
    }
}
