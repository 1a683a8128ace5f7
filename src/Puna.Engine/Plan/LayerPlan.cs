namespace Puna.Engine.Plan;

/// <summary>
/// A model as data: which layers there are, which bank of keys and values each reads, and with which mask. The one
/// forward pass executes it; a change of architecture is a change of plan, never of code.
/// </summary>
public sealed record LayerPlan
{
    /// <summary>Name of the plan that a file describes without one: every layer has a bank of its own.</summary>
    public const string PlainName = "plain";

    /// <summary>Name of a plan with readers that was given none.</summary>
    public const string SharedName = "shared";

    /// <summary>Name of the plan, for people and for files.</summary>
    public string Name { get; init; } = PlainName;

    /// <summary>True for what a configuration alone describes; any other plan is written beside it.</summary>
    public bool IsPlain
    {
        get
        {
            var plain = FromConfig(Config);
            return Banks.SequenceEqual(plain.Banks)
                && Layers.Count == plain.Layers.Count
                && Layers
                    .Zip(plain.Layers)
                    .All(pair => pair.First.Steps.SequenceEqual(pair.Second.Steps));
        }
    }

    /// <summary>Widths, multipliers, norm and rotary facts that all layers share.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Banks, in the order of their producers.</summary>
    public required IReadOnlyList<KvBank> Banks { get; init; }

    /// <summary>Layers, in order of execution.</summary>
    public required IReadOnlyList<LayerSpec> Layers { get; init; }

    /// <summary>The plan that a model's own file describes: every layer makes and reads a bank of its own.</summary>
    internal static LayerPlan FromConfig(ModelConfig config) =>
        FromConfig(config, [.. Enumerable.Range(0, config.Layers)], PlainName);

    /// <summary>
    /// The plan in which layer l reads the keys and values made by layer <paramref name="producerOfLayer"/>[l]
    /// (cross-layer sharing: ECHO-LLaMA, CLA).
    /// </summary>
    /// <param name="config">The facts of the model.</param>
    /// <param name="producerOfLayer">For each layer the layer whose keys and values it reads, its own index for its own.</param>
    /// <param name="name">Name of the plan.</param>
    /// <exception cref="InputException">A layer reads from a later one, or from one that makes none.</exception>
    internal static LayerPlan FromConfig(
        ModelConfig config,
        IReadOnlyList<int> producerOfLayer,
        string name = SharedName
    )
    {
        if (producerOfLayer.Count != config.Layers)
        {
            throw new InputException(
                $"The plan names the bank of {producerOfLayer.Count} layers, but the model has {config.Layers}; one for each is needed."
            );
        }

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
            var attention = new AttentionSpec
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
                    [
                        new ResidualStep(
                            attention,
                            Modules.AttentionNorm,
                            config.PostNorm ? Modules.AttentionPostNorm : null
                        ),
                        new ResidualStep(
                            new MlpSpec(config.IntermediateSize, config.MlpBias),
                            Modules.MlpNorm,
                            config.PostNorm ? Modules.MlpPostNorm : null
                        ),
                    ]
                )
            );
        }

        var plan = new LayerPlan
        {
            Name = name,
            Config = config,
            Banks = banks,
            Layers = layers,
        };
        LayerPlanValidator.Check(plan);
        return plan;
    }

    /// <summary>
    /// Every tensor of the model, in the order of the forward pass: the one list that loading, writing, creating, costing
    /// and checking go by.
    /// </summary>
    public IEnumerable<ParameterSpec> Parameters()
    {
        var width = Config.HiddenSize;
        yield return new ParameterSpec(
            Modules.Embedding,
            ParameterKind.Matrix,
            Config.VocabularySize,
            width
        );
        foreach (var layer in Layers)
        {
            foreach (var spec in Parameters(layer))
            {
                yield return spec;
            }
        }

        yield return new ParameterSpec(Modules.FinalNorm, ParameterKind.Norm, width);
        if (!Config.TieEmbeddings)
        {
            yield return new ParameterSpec(
                Modules.Head,
                ParameterKind.Matrix,
                Config.VocabularySize,
                width
            );
        }
    }

    /// <summary>The tensors of one layer.</summary>
    public IEnumerable<ParameterSpec> Parameters(LayerSpec layer)
    {
        var scope = new PlanScope(this, layer.Index);
        return layer.Steps.SelectMany(step => step.Parameters(scope));
    }

    /// <summary>What the branches of one layer keep between passes, in the order of the branches.</summary>
    internal IEnumerable<StateSpec> States(LayerSpec layer)
    {
        var scope = new PlanScope(this, layer.Index);
        return layer.Branches.SelectMany(branch => branch.States(scope));
    }

    /// <summary>The layers that read the keys and values of another, with that other layer.</summary>
    public IEnumerable<(int Layer, int Producer)> Readers() =>
        from layer in Layers
        from state in States(layer).OfType<PagedKvState>()
        let producer = Banks[state.Bank].Producer
        where producer != layer.Index
        select (layer.Index, producer);
}
