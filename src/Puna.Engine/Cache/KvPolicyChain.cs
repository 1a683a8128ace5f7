using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// The policy of a cache: stages in the order in which they act. What does not fit together is refused here, once,
/// when the engine is configured.
/// </summary>
public sealed class KvPolicyChain
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

            Needs |= stage.Needs;
            Effects |= stage.Effects;
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

    /// <summary>True when no hook does anything.</summary>
    public bool IsDense => _stages.Length == 0;

    /// <summary>
    /// A full page is a function of the tokens up to its end alone, so that another sequence with the same prefix
    /// may have it.
    /// </summary>
    public bool BlocksDependOnPrefixOnly =>
        (Effects & (KvEffects.DependsOnSuffix | KvEffects.ForeignKv | KvEffects.PerHead))
        == KvEffects.None;

    /// <summary>Calls each stage's <see cref="IKvPolicy.AfterPrefill"/>.</summary>
    public void AfterPrefill(KvSequence sequence, int bank, NativeSpan<float> queries, int tokens)
    {
        foreach (var stage in _stages)
        {
            stage.AfterPrefill(sequence, bank, queries, tokens);
        }
    }

    /// <summary>Calls each stage's <see cref="IKvPolicy.BeforeAttend"/>: a later one narrows what an earlier one left.</summary>
    public void BeforeAttend(
        KvSequence sequence,
        NativeSpan<float> queries,
        int tokens,
        ref KvAttendPlan plan
    )
    {
        foreach (var stage in _stages)
        {
            stage.BeforeAttend(sequence, queries, tokens, ref plan);
        }
    }

    /// <summary>Asks the stages to drop slots of a sequence. Returns the number of slots dropped.</summary>
    public int Evict(KvSequence sequence, long bytesNeeded)
    {
        var dropped = 0;
        foreach (var stage in _stages)
        {
            dropped += stage.Evict(sequence, bytesNeeded);
        }

        return dropped;
    }

    internal void OnAppend(KvSequence sequence, int firstEntry, int endEntry)
    {
        foreach (var stage in _stages)
        {
            stage.OnAppend(sequence, firstEntry, endEntry);
        }
    }

    internal void OnSeal(KvSequence sequence, int entry)
    {
        foreach (var stage in _stages)
        {
            stage.OnSeal(sequence, entry);
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
