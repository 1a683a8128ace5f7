using Puna.Engine.Cache;
using Puna.Engine.Runtime;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

public sealed class FingerprintTests
{
    [Fact]
    [Trait("reference", "tiny")]
    public void Models_differ_in_it_and_two_loads_of_one_do_not()
    {
        var names = ReferenceCases.TinyNames();
        Assert.SkipWhen(names.Count == 0, "../shared/data/tiny is absent or holds no model");
        Assert.Equal(names.Count, Prints(names).Count);
    }

    [Fact]
    public void A_plan_of_its_own_differs_from_every_model()
    {
        using var shared = new ModelHarness(
            SharedData.Path("tiny", "llama-gqa"),
            producers: [0, 1, 1, 1]
        );
        Assert.DoesNotContain(shared.Model.Fingerprint, Prints(ReferenceCases.TinyNames()));
    }

    [Fact]
    public void One_changed_weight_changes_it()
    {
        using var model = new ModelHarness(SharedData.Path("tiny", "llama-gqa"));
        using var other = new ModelHarness(SharedData.Path("tiny", "llama-gqa"));
        other.Model.Weights.Vector("model.layers.3.post_attention_layernorm").Span[5] += 1;
        Assert.NotEqual(model.Model.Fingerprint, other.Model.Fingerprint);
    }

    [Fact]
    public void A_snapshot_of_one_engine_serves_another_of_the_same_model_only()
    {
        using var stream = new MemoryStream();
        int[] ids = [1, 2, 3, 4, 5];
        float[] expected;
        using (var engine = Load("llama-gqa"))
        {
            using var sequence = new Sequence(engine);
            sequence.Append(ids);
            SequenceReader.Read(sequence, ids.Length);
            KvSnapshot.Save(sequence.Kv, ids, stream, engine.Identity());
            sequence.Run(new NewRows([6]));
            expected = sequence.Logits([0]).ToArray();
        }

        stream.Position = 0;
        using (var engine = Load("llama-gqa"))
        {
            var restored = KvSnapshot.Load(engine.Cache, stream, engine.Identity());
            using var sequence = new Sequence(engine, restored.Sequence, restored.Tokens.Span);
            Assert.Equal(stream.Length, stream.Position);
            sequence.Run(new NewRows([6]));
            Assert.Equal(expected, sequence.Logits([0]).ToArray());
        }

        stream.Position = 0;
        using var foreign = Load("mistral-window");
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(foreign.Cache, stream, foreign.Identity())
        );
        Assert.StartsWith(
            "The KV snapshot cannot be used: it was saved with model",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    private static HashSet<string> Prints(IEnumerable<string> names)
    {
        var prints = new HashSet<string>();
        foreach (var name in names)
        {
            using var first = new ModelHarness(SharedData.Path("tiny", name));
            using var second = new ModelHarness(SharedData.Path("tiny", name), threads: 2);
            Assert.Equal(first.Model.Fingerprint, second.Model.Fingerprint);
            Assert.Equal(64, first.Model.Fingerprint.Length);
            prints.Add(first.Model.Fingerprint);
        }

        return prints;
    }

    private static InferenceEngine Load(string name) =>
        InferenceEngine.Load(SharedData.Path("tiny", name), new InferenceOptions { Threads = 1 });
}
