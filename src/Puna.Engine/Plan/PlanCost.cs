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
        long layerParameters = 0;
        double linear = 0;
        double meanMixing = 0;
        double lastMixing = 0;
        long read = 0;
        foreach (var layer in plan.Layers)
        {
            layerParameters += plan.Parameters(layer).Sum(spec => spec.Elements);
            var scope = new PlanScope(plan, layer.Index);
            foreach (var step in layer.Steps)
            {
                var cost = step.Cost(scope, context);
                linear += cost.Linear;
                meanMixing += cost.MeanMixing;
                lastMixing += cost.LastMixing;
                read += cost.KvRead;
            }
        }

        var head = 2.0 * config.HiddenSize * config.VocabularySize;
        return new PlanCost(
            plan.Parameters().Sum(spec => spec.Elements),
            layerParameters,
            linear + lastMixing + head,
            linear + meanMixing + head,
            3 * (linear + meanMixing + head),
            plan.Banks.Sum(bank => 2L * bank.Heads * bank.HeadDim),
            read
        );
    }
}
