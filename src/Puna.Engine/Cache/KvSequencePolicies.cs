using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// The policies at work on one sequence: what they remember of it, the queries kept for them, and the calls of their hooks.
/// </summary>
internal sealed class KvSequencePolicies(KvPolicyChain chain, KvPolicyState?[] states) : IDisposable
{
    private KvObservation? _observation;

    public ReadOnlySpan<KvPolicyState?> States => states;

    /// <summary>A hook is running: nobody else may drop slots of the sequence.</summary>
    public bool AtWork { get; private set; }

    /// <summary>The tail is the last chunk of a prompt.</summary>
    public bool EndsPrompt { get; set; }

    public TState State<TState>(IKvPolicy stage)
        where TState : KvPolicyState =>
        states[chain.IndexOf(stage)] as TState
        ?? throw new ArgumentException(
            $"'{stage.Name}' keeps no {typeof(TState).Name} of a sequence.",
            nameof(stage)
        );

    public KvSequencePolicies Fork() =>
        new(chain, Array.ConvertAll(states, state => state?.Fork()));

    public void Observe(
        int layer,
        int bank,
        NativeSpan<int> positions,
        NativeSpan<float> queries,
        int width
    )
    {
        _observation ??= new KvObservation(chain.ObservedQueries);
        _observation.Store(layer, bank, positions, queries, width);
    }

    public void OnCommit(KvSequence sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll)
    {
        if (!chain.IsDense)
        {
            AtWork = true;
            try
            {
                foreach (var lane in sequence.Lanes)
                {
                    chain.OnAppend(
                        sequence,
                        lane,
                        lane.Tail.FirstEntry,
                        lane.Count,
                        adopted: false
                    );
                }

                chain.OnCommit(sequence, tokens, nll);
                if (EndsPrompt && _observation is { } observation)
                {
                    for (var bank = 0; bank < sequence.Cache.Shape.Banks; bank++)
                    {
                        var queries = observation.Of(bank, sequence.NextPosition);
                        chain.AfterPrefill(sequence, bank, queries);
                    }
                }
            }
            finally
            {
                AtWork = false;
            }
        }

        EndsPrompt = false;
    }

    public void OnAdopt(KvSequence sequence)
    {
        if (chain.IsDense)
        {
            return;
        }

        AtWork = true;
        try
        {
            foreach (var lane in sequence.Lanes)
            {
                chain.OnAppend(sequence, lane, 0, lane.Count, adopted: true);
            }
        }
        finally
        {
            AtWork = false;
        }
    }

    public void OnRound(KvSequence sequence)
    {
        AtWork = true;
        try
        {
            chain.OnRound(sequence);
        }
        finally
        {
            AtWork = false;
        }
    }

    public void OnTruncate(KvSequence sequence, int length)
    {
        AtWork = true;
        try
        {
            chain.OnTruncate(sequence, length);
        }
        finally
        {
            AtWork = false;
        }
    }

    public void Dispose() => _observation?.Dispose();
}
