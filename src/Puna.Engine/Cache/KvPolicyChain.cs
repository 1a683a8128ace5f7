namespace Puna.Engine.Cache;

/// <summary>
/// The policy of a cache: stages in the order in which they act. What does not fit together is refused here, once,
/// when the engine is configured.
/// </summary>
internal sealed class KvPolicyChain
{
    private readonly IKvPolicy[] _stages;

    /// <summary>Composes stages.</summary>
    /// <param name="stages">The stages in order; none means dense.</param>
    /// <param name="provided">What the engine, with its decoder, gives to policies.</param>
    /// <exception cref="InputException">Two stages do not fit each other, or one needs what is not given.</exception>
    public KvPolicyChain(ReadOnlySpan<IKvPolicy> stages, KvNeeds provided)
    {
        _stages = stages.ToArray();
        for (var index = 0; index < _stages.Length; index++)
        {
            var stage = _stages[index];
            if ((stage.Needs & ~provided) is var missing and not KvNeeds.None)
            {
                throw new InputException(
                    $"kv-policy: '{stage.Name}' needs {missing}, which this decoder and model do not give; choose another policy or decoder."
                );
            }

            for (var earlier = 0; earlier < index; earlier++)
            {
                if (Conflict(_stages[earlier], stage) is { } reason)
                {
                    throw new InputException(
                        $"kv-policy: '{stage.Name}' cannot follow '{_stages[earlier].Name}': {reason}."
                    );
                }
            }

            if ((stage.Needs & KvNeeds.ObservedQueries) != 0)
            {
                ObservedQueries = Math.Max(ObservedQueries, stage.ObservedQueries);
            }

            if (stage.QueryBlock > 0)
            {
                QueryBlock =
                    QueryBlock == 0 ? stage.QueryBlock : Math.Min(QueryBlock, stage.QueryBlock);
            }

            Needs |= stage.Needs;
            Effects |= stage.Effects;
        }

        Forms = [.. _stages.SelectMany(stage => stage.Forms).Distinct()];
        if (Forms.Count >= KvTableEntry.MostForms)
        {
            throw new InputException(
                $"kv-policy: '{Name}' seals blocks in {Forms.Count} forms; at most {KvTableEntry.MostForms - 1} are possible."
            );
        }
    }

    /// <summary>No stage: every slot is kept as it was written.</summary>
    public static KvPolicyChain Dense { get; } = new([], KvNeeds.None);

    /// <summary>Names of the stages, joined by "+".</summary>
    public string Name =>
        _stages.Length == 0 ? "dense" : string.Join('+', _stages.Select(stage => stage.Name));

    /// <summary>Fingerprints of the stages, joined by "+".</summary>
    public string Fingerprint =>
        _stages.Length == 0
            ? "dense"
            : string.Join('+', _stages.Select(stage => stage.Fingerprint));

    /// <summary>What any stage needs.</summary>
    public KvNeeds Needs { get; }

    /// <summary>What any stage does.</summary>
    public KvEffects Effects { get; }

    /// <summary>The forms that blocks are sealed in, of all stages.</summary>
    public IReadOnlyList<KvForm> Forms { get; }

    /// <summary>True when no hook does anything.</summary>
    public bool IsDense => _stages.Length == 0;

    /// <summary>
    /// A full block is a function of the tokens up to its end alone, so that another sequence with the same prefix
    /// may have it.
    /// </summary>
    public bool BlocksDependOnPrefixOnly =>
        (Effects & (KvEffects.DependsOnSuffix | KvEffects.ForeignKv | KvEffects.PerHead))
        == KvEffects.None;

    /// <summary>Queries of the last prompt tokens that the stages ask for, w; 0 when none does.</summary>
    public int ObservedQueries { get; }

    /// <summary>Queries that share one selection; 0 for all of a segment.</summary>
    public int QueryBlock { get; }

    /// <summary>Some stage narrows what is attended to.</summary>
    internal bool Selects => (Effects & KvEffects.SelectsOnly) != 0;

    /// <summary>Some stage drops, moves or must find slots that a window has passed.</summary>
    internal bool KeepsSlots =>
        (Needs & KvNeeds.AllKeys) != 0
        || (
            Effects
            & (
                KvEffects.DropsSlots
                | KvEffects.MovesRigidly
                | KvEffects.MovesRaggedly
                | KvEffects.ForeignKv
                | KvEffects.DependsOnSuffix
            )
        ) != 0;

    /// <summary>A new sequence's state of each stage.</summary>
    internal KvPolicyState?[] CreateStates() =>
        IsDense ? [] : Array.ConvertAll(_stages, stage => stage.CreateState());

    /// <summary>Place of a stage in the chain.</summary>
    /// <exception cref="ArgumentException">It is none of them.</exception>
    internal int IndexOf(IKvPolicy stage) =>
        Array.IndexOf(_stages, stage) is var index and >= 0
            ? index
            : throw new ArgumentException(
                $"'{stage.Name}' is no stage of the KV policy '{Name}'.",
                nameof(stage)
            );

    internal void AfterPrefill(KvSequence sequence, int bank, in KvObservedQueries queries)
    {
        foreach (var stage in _stages)
        {
            if ((stage.Needs & KvNeeds.ObservedQueries) != 0)
            {
                stage.AfterPrefill(sequence, bank, queries);
            }
        }
    }

    // A later stage narrows what an earlier one left.
    internal void BeforeAttend(KvSequence sequence, ref KvAttendPlan plan)
    {
        foreach (var stage in _stages)
        {
            if ((stage.Effects & KvEffects.SelectsOnly) != 0)
            {
                stage.BeforeAttend(sequence, ref plan);
            }
        }
    }

    internal void Evict(KvSequence sequence, long bytesNeeded)
    {
        foreach (var stage in _stages)
        {
            if ((stage.Effects & KvEffects.DropsSlots) != 0)
            {
                stage.Evict(sequence, bytesNeeded);
            }
        }
    }

    /// <summary>Tells the stages of the tokens in these entries, and of the blocks among them that are full.</summary>
    internal void OnAppend(KvSequence sequence, KvLane lane, int first, int end, bool adopted)
    {
        foreach (var stage in _stages)
        {
            stage.OnAppend(sequence, lane, first, end, adopted);
        }

        for (var entry = first; entry < end; entry++)
        {
            if (lane.Table[entry].Valid >> 31 != 0)
            {
                foreach (var stage in _stages)
                {
                    stage.OnSeal(sequence, lane, entry, adopted);
                }
            }
        }
    }

    internal void OnRound(KvSequence sequence)
    {
        foreach (var stage in _stages)
        {
            stage.OnRound(sequence);
        }
    }

    internal void OnTruncate(KvSequence sequence, int length)
    {
        foreach (var stage in _stages)
        {
            stage.OnTruncate(sequence, length);
        }
    }

    internal void CheckLosses(int tokens, int losses)
    {
        // Once for each token: no HasFlag, which allocates until the method is compiled with optimisation.
        if (losses != tokens && (losses > 0 || (Needs & KvNeeds.TokenNll) != 0))
        {
            throw new ArgumentException(
                $"The KV policy '{Name}' takes id and loss of each of the {tokens} tokens, {losses} losses were given.",
                nameof(losses)
            );
        }
    }

    internal void OnCommit(KvSequence sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll)
    {
        foreach (var stage in _stages)
        {
            stage.OnCommit(sequence, tokens, nll);
        }
    }

    private static string? Conflict(IKvPolicy earlier, IKvPolicy later)
    {
        var (first, second) = (earlier.Effects, later.Effects);
        if (first.HasFlag(KvEffects.DropsSlots) && later.Needs.HasFlag(KvNeeds.AllKeys))
        {
            return "it needs every key, and the first drops some";
        }

        if (earlier.Needs.HasFlag(KvNeeds.AllKeys) && second.HasFlag(KvEffects.DropsSlots))
        {
            return "it drops keys, and the first needs every one";
        }

        if (second.HasFlag(KvEffects.MovesRaggedly))
        {
            if (first.HasFlag(KvEffects.MovesRigidly))
            {
                return "it moves tokens by different amounts, and the first moves them in runs";
            }

            if (first.HasFlag(KvEffects.LossyKeys))
            {
                return "it moves tokens by different amounts, which would re-quantise the first one's keys";
            }
        }

        if (first.HasFlag(KvEffects.MovesRaggedly) && second.HasFlag(KvEffects.MovesRigidly))
        {
            return "it moves tokens in runs, and the first moves them by different amounts";
        }

        return null;
    }
}
