using Puna.Engine.Runtime;
using Puna.Engine.Tests.Model;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Runtime;

/// <summary>Rows may bring what the first layer reads, in the place of the embeddings of their tokens.</summary>
public sealed class EmbeddingTests : IDisposable
{
    private readonly RandomModel _model = new();
    private readonly InferenceEngine _engine;

    public EmbeddingTests() =>
        _engine = InferenceEngine.Load(
            _model.Path,
            new InferenceOptions
            {
                Threads = 2,
                Activations = ActivationFormat.F32,
                KeyFormat = KvPageFormats.F32,
                ValueFormat = KvPageFormats.F32,
            }
        );

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void Given_rows_of_other_tokens_give_the_logits_of_those()
    {
        int[] ids = [3, 1, 4, 1, 5];
        int[] others = [9, 2, 6, 5, 3];
        using var plain = new Sequence(_engine);
        using var given = new Sequence(_engine);
        using var meant = new Sequence(_engine);
        using var rows = Embeddings(others);
        using var batch = new Batch(_engine);
        _ = batch.Add(plain, new NewRows(ids));
        _ = batch.Add(given, new NewRows(ids, embeddings: Rows(rows, ids.Length)));
        _ = batch.Add(meant, new NewRows(others));
        batch.Run();
        var size = ids.Length * _engine.Model.Config.VocabularySize;
        var logits = batch.Logits([.. Enumerable.Range(0, 3 * ids.Length)]).ToArray();
        Assert.Equal(logits[(2 * size)..], logits[size..(2 * size)]);
        Assert.NotEqual(logits[..size], logits[size..(2 * size)]);
    }

    [Fact]
    public void Rows_of_another_shape_are_refused()
    {
        using var sequence = new Sequence(_engine);
        using var batch = new Batch(_engine);
        using var rows = Embeddings([1, 2]);
        var error = Assert.Throws<ArgumentException>(() =>
            batch.Add(sequence, new NewRows([1, 2, 3], embeddings: Rows(rows, 2)))
        );
        Assert.Contains(
            "of 3 rows of 64 were given as 2 of 64",
            error.Message,
            StringComparison.Ordinal
        );
    }

    private FloatRows Rows(NativeBuffer<float> rows, int count) =>
        new(rows.Span, count, _engine.Model.Config.HiddenSize);

    private NativeBuffer<float> Embeddings(int[] ids)
    {
        var width = _engine.Model.Config.HiddenSize;
        var rows = new NativeBuffer<float>((long)ids.Length * width);
        for (var index = 0; index < ids.Length; index++)
        {
            _engine.Model.Weights.Embedding.Weight.DequantRows(
                ids[index],
                1,
                rows.Span.Slice((long)index * width, width).Span
            );
        }

        return rows;
    }
}
