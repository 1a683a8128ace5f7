using Puna.Engine.Cache;

namespace Puna.Engine.Tests.Cache;

/// <summary>Writes down every call of a hook, and leaves everything as it is.</summary>
internal sealed class RecordingPolicy(
    KvEffects effects = KvEffects.SelectsOnly | KvEffects.DropsSlots,
    KvNeeds needs = KvNeeds.ObservedQueries | KvNeeds.TokenNll,
    int observedQueries = 8,
    int queryBlock = 0
) : IKvPolicy
{
    public List<string> Events { get; } = [];

    public List<float[]> Queries { get; } = [];

    public string Name => "recording";

    public string Fingerprint => Name;

    public KvNeeds Needs => needs;

    public KvEffects Effects => effects;

    public int ObservedQueries => observedQueries;

    public int QueryBlock => queryBlock;

    public KvPolicyState CreateState() => new Tokens();

    public List<int> Remembered(KvSequence sequence) => sequence.State<Tokens>(this).Ids;

    public void OnAppend(
        KvSequence sequence,
        KvLane lane,
        int firstEntry,
        int endEntry,
        bool adopted
    ) =>
        Events.Add(
            $"append {lane.Index} {firstEntry}-{endEntry}{(adopted ? " adopted" : "")} at {sequence.LogicalLength}"
        );

    public void OnSeal(KvSequence sequence, KvLane lane, int entry, bool adopted)
    {
        Assert.Equal(uint.MaxValue, lane[entry].Valid);
        Events.Add($"seal {lane.Index} {entry}{(adopted ? " adopted" : "")}");
    }

    public void OnCommit(KvSequence sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll)
    {
        Assert.Equal((needs & KvNeeds.TokenNll) != 0 ? tokens.Length : 0, nll.Length);
        sequence.State<Tokens>(this).Ids.AddRange(tokens);
        Events.Add($"commit {tokens.Length} at {sequence.LogicalLength}");
    }

    public void AfterPrefill(KvSequence sequence, int bank, in KvObservedQueries queries)
    {
        Events.Add(
            $"prefill {bank}: {queries.Tokens} from {queries.FirstPosition} of layers {string.Join(',', queries.Layers.ToArray())}"
        );
        for (var reader = 0; reader < queries.Layers.Length; reader++)
        {
            Queries.Add(queries.Queries(reader).Span.ToArray());
        }
    }

    public void BeforeAttend(KvSequence sequence, ref KvAttendPlan plan)
    {
        for (var head = 0; head < plan.KvHeads; head++)
        {
            Assert.Equal(sequence.Lane(plan.Bank, head).Count, plan.Pages(head).Length);
        }

        Events.Add(
            $"attend {plan.Layer} over {plan.Bank}: {plan.Positions.Length} from {plan.Positions[0]}"
        );
    }

    public void OnRound(KvSequence sequence) => Events.Add($"round {sequence.LogicalLength}");

    public void OnTruncate(KvSequence sequence, int length)
    {
        var ids = sequence.State<Tokens>(this).Ids;
        ids.RemoveRange(length, ids.Count - length);
        Events.Add($"truncate {length}");
    }

    public void Evict(KvSequence sequence, long bytesNeeded)
    {
        Events.Add($"evict {sequence.LogicalLength} for {bytesNeeded}");
        sequence.Drop(0, 32);
    }

    private sealed class Tokens : KvPolicyState
    {
        public List<int> Ids { get; private init; } = [];

        public override KvPolicyState Fork() => new Tokens { Ids = [.. Ids] };

        public override void Save(BinaryWriter writer)
        {
            writer.Write(Ids.Count);
            Ids.ForEach(writer.Write);
        }

        public override void Restore(BinaryReader reader)
        {
            Ids.Clear();
            for (var count = reader.ReadInt32(); count > 0; count--)
            {
                Ids.Add(reader.ReadInt32());
            }
        }
    }
}
