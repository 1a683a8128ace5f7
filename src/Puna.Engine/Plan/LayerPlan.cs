using Puna.Engine.Execution;

namespace Puna.Engine.Plan;

/// <summary>
/// A model as data: which layers there are, which bank of keys and values each reads, and with which mask. The one
/// <see cref="ForwardPass"/> executes it; a change of architecture is a change of plan, never of code.
/// </summary>
public sealed record LayerPlan
{
    /// <summary>Widths, multipliers, norm and rotary facts that all layers share.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Banks, in the order of their producers.</summary>
    public required IReadOnlyList<KvBank> Banks { get; init; }

    /// <summary>Layers, in order of execution.</summary>
    public required IReadOnlyList<LayerSpec> Layers { get; init; }

    /// <summary>The plan that a model's own file describes: every layer makes and reads a bank of its own.</summary>
    public static LayerPlan FromConfig(ModelConfig config) =>
        FromConfig(config, [.. Enumerable.Range(0, config.Layers)]);

    /// <summary>
    /// The plan in which layer l reads the keys and values made by layer <paramref name="producerOfLayer"/>[l]
    /// (cross-layer sharing: ECHO-LLaMA, CLA).
    /// </summary>
    /// <exception cref="InputException">A layer reads from a later one, or from one that makes none.</exception>
    public static LayerPlan FromConfig(ModelConfig config, IReadOnlyList<int> producerOfLayer)
    {
        var banks = new List<KvBank>();
        var bankOfProducer = new Dictionary<int, int>();
        var layers = new List<LayerSpec>();
        var unrotated = config.LayersWithoutRope.ToHashSet();
        var windowed = config.WindowedLayers?.ToHashSet();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var producer = producerOfLayer[layer];
            if (producer == layer)
            {
                bankOfProducer[layer] = banks.Count;
                banks.Add(new KvBank(banks.Count, layer, config.KvHeads, config.HeadDim));
            }

            if (!bankOfProducer.TryGetValue(producer, out var bank))
            {
                throw new InputException(
                    $"Layer {layer} of the plan reads the keys and values of layer {producer}, which makes none before it; "
                        + "choose the layer itself or an earlier layer that makes its own."
                );
            }

            var window =
                config.SlidingWindow > 0 && (windowed?.Contains(layer) ?? true)
                    ? config.SlidingWindow
                    : 0;
            var attention = new AttentionBranch
            {
                Bank = bank,
                Heads = config.Heads,
                HeadDim = config.HeadDim,
                Mask = new AttentionMask(window),
                Scale = config.AttentionMultiplier ?? (float)(1 / Math.Sqrt(config.HeadDim)),
                Rotary = !unrotated.Contains(layer),
                QueryKeyNorm = config.QueryKeyNorm,
                InputBias = config.AttentionInputBias,
                OutputBias = config.AttentionOutputBias,
            };
            layers.Add(
                new LayerSpec(
                    layer,
                    attention,
                    new MlpBranch(config.IntermediateSize, config.MlpBias),
                    config.PostNorm
                )
            );
        }

        var plan = new LayerPlan
        {
            Config = config,
            Banks = banks,
            Layers = layers,
        };
        LayerPlanValidator.Check(plan);
        return plan;
    }

    /// <summary>True when the layer computes keys and values itself.</summary>
    public bool MakesKeysAndValues(LayerSpec layer) =>
        Banks[layer.Attention.Bank].Producer == layer.Index;
}
