namespace Puna.Engine.Plan;

/// <summary>Attention: a layer's own queries over a bank of keys and values.</summary>
public sealed record AttentionSpec : BranchSpec
{
    /// <summary>The name of this kind in files.</summary>
    public const string KindName = "attention";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <summary>The bank it reads; it owns W_k and W_v only when its layer is that bank's producer.</summary>
    public required int Bank { get; init; }

    /// <summary>Query heads H.</summary>
    public required int Heads { get; init; }

    /// <summary>Head width dh.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Which keys a query sees.</summary>
    public required AttentionMask Mask { get; init; }

    /// <summary>Multiplies q . k.</summary>
    public required float Scale { get; init; }

    /// <summary>Queries and keys are rotated by their position.</summary>
    public required bool Rotary { get; init; }

    /// <summary>RMSNorm of each query and key head before rotation.</summary>
    public required bool QueryKeyNorm { get; init; }

    /// <summary>Bias on q, k and v.</summary>
    public required bool InputBias { get; init; }

    /// <summary>Bias on the output projection.</summary>
    public required bool OutputBias { get; init; }

    /// <summary>Width of all query heads, H * dh.</summary>
    public int QueryWidth => Heads * HeadDim;

    /// <inheritdoc/>
    public override IEnumerable<ParameterSpec> Parameters(PlanScope scope)
    {
        var width = scope.Config.HiddenSize;
        var bank = scope.Plan.Banks[Bank];
        var makes = scope.Makes(Bank);
        var specs = scope.Linear(Modules.Query, QueryWidth, width, InputBias);
        if (makes)
        {
            var keys = bank.Heads * bank.HeadDim;
            specs = specs
                .Concat(scope.Linear(Modules.Key, keys, width, InputBias))
                .Concat(scope.Linear(Modules.Value, keys, width, InputBias));
        }

        if (QueryKeyNorm)
        {
            specs = specs.Append(scope.Norm(Modules.QueryNorm, HeadDim));
            specs = makes ? specs.Append(scope.Norm(Modules.KeyNorm, HeadDim)) : specs;
        }

        return specs.Concat(scope.Linear(Modules.AttentionOutput, width, QueryWidth, OutputBias));
    }

    /// <inheritdoc/>
    public override IEnumerable<StateSpec> States(PlanScope scope) =>
        [new PagedKvState(Bank, Mask.Window)];

    /// <inheritdoc/>
    public override BranchCost Cost(PlanScope scope, long context)
    {
        var bank = scope.Plan.Banks[Bank];
        var seen = Mask.KeysAt(context - 1);
        return base.Cost(scope, context) with
        {
            MeanMixing = 4.0 * QueryWidth * Mask.MeanKeys(context),
            LastMixing = 4.0 * QueryWidth * seen,
            KvRead = 2L * bank.Heads * bank.HeadDim * seen,
        };
    }

    /// <inheritdoc/>
    public override void Check(PlanScope scope)
    {
        var bank = scope.Plan.Banks[Bank];
        scope.Require(
            Heads > 0 && Heads % bank.Heads == 0,
            $"has {Heads} query heads, which the {bank.Heads} heads of its bank do not divide."
        );
        scope.Require(
            (long)Heads * HeadDim <= ModelConfigRules.LargestSize,
            $"has {Heads} query heads of {HeadDim}, together more than {ModelConfigRules.LargestSize}."
        );
        scope.Require(
            HeadDim == bank.HeadDim,
            $"has query heads of {HeadDim}, its bank key heads of {bank.HeadDim}."
        );
        scope.Require(
            !Rotary || HeadDim % 2 == 0,
            $"rotates heads of {HeadDim}; rotation needs an even width."
        );
        scope.Require(
            !Rotary || HeadDim == scope.Config.HeadDim,
            $"rotates heads of {HeadDim}, but the model's rotary frequencies are those of heads of {scope.Config.HeadDim}."
        );
        scope.Require(
            scope.Plan.Layers[bank.Producer].Attention is not { } producer
                || producer.Rotary == Rotary,
            $"and layer {bank.Producer}, whose keys it reads, differ in whether they rotate."
        );
        scope.Require(
            Mask.Window >= 0,
            $"has a window of {Mask.Window}; 0 (none) or more is needed."
        );
        scope.Require(
            float.IsFinite(Scale),
            $"has an attention scale of {Scale}; a finite number is needed."
        );
    }
}
