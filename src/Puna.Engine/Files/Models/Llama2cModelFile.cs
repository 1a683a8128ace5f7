using System.Buffers.Binary;
using Puna.Engine.Files.Llama2c;
using Puna.Engine.Files.Storage;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;

namespace Puna.Engine.Files.Models;

/// <summary>
/// A llama2.c checkpoint. Files of version 2 hold int8 values with an f32 scale for each group of any size (8 in the
/// stories models), which no block format expresses exactly; they are decoded to F32 once at opening.
/// </summary>
public sealed class Llama2cModelFile : IModelFile
{
    private const float NormEpsilon = 1e-5f;

    private readonly MappedFile _file;
    private readonly Llama2cHeader _header;
    private readonly NativeBuffer<float>? _decoded;
    private readonly int[] _queryRows;
    private readonly int[] _keyRows;
    private readonly List<StoredTensor> _tensors = [];
    private long _position;
    private long _decodedPosition;

    private Llama2cModelFile(MappedFile file, Llama2cHeader header)
    {
        _file = file;
        _header = header;
        _position = header.DataOffset;
        _queryRows = RotaryRows.Interleaved(header.Heads, header.HeadDim);
        _keyRows = RotaryRows.Interleaved(header.KvHeads, header.HeadDim);
        Config = new ModelConfig
        {
            Family = "llama",
            HiddenSize = header.Dim,
            IntermediateSize = header.Hidden,
            Layers = header.Layers,
            Heads = header.Heads,
            KvHeads = header.KvHeads,
            HeadDim = header.HeadDim,
            VocabularySize = header.Vocabulary,
            ContextLength = header.Context,
            NormEpsilon = NormEpsilon,
            TieEmbeddings = header.Tied,
            BosId = header.Vocabulary > 1 ? 1 : null,
            EosIds = header.Vocabulary > 2 ? [2] : [],
        };
        ModelConfigRules.Require(file.Path, Config);
        if (header.Version == 2)
        {
            var elements = ModelTensors
                .Of(Config)
                .Where(slot => slot.IsMatrix)
                .Sum(slot => (long)slot.Rows * slot.Columns);
            _decoded = new NativeBuffer<float>(elements, clear: false);
        }
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public string Form =>
        _header.Version switch
        {
            0 => "llama2.c legacy",
            1 => "llama2.c version 1",
            _ => $"llama2.c version 2 (int8, groups of {_header.GroupSize})",
        };

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata =>
        [
            new("dim", $"{_header.Dim}"),
            new("hidden_dim", $"{_header.Hidden}"),
            new("n_layers", $"{_header.Layers}"),
            new("n_heads", $"{_header.Heads}"),
            new("n_kv_heads", $"{_header.KvHeads}"),
            new("vocab_size", $"{_header.Vocabulary}"),
            new("max_seq_len", $"{_header.Context}"),
            new("shared_classifier", _header.Tied ? "true" : "false"),
        ];

    /// <inheritdoc/>
    public TokenizerData? Tokenizer => field ??= ModelTokenizers.OfNeighbour(Path, Config);

    /// <inheritdoc/>
    public void Dispose()
    {
        _decoded?.Dispose();
        _file.Dispose();
    }

    internal static Llama2cModelFile Read(MappedFile file, Llama2cHeader header)
    {
        var model = new Llama2cModelFile(file, header);
        try
        {
            if (header.Version == 0)
            {
                model.PlaceLegacy();
            }
            else
            {
                model.PlaceVersioned();
            }

            ModelTensors.Require(file.Path, model.Config, model.Tensors, _ => false);
            return model;
        }
        catch
        {
            model._decoded?.Dispose();
            throw;
        }
    }

    private void PlaceLegacy()
    {
        Matrix(ModelTensors.Embedding, "token_embedding", _header.Vocabulary, _header.Dim);
        Norms("input_layernorm", "rms_att");
        AttentionMatrices();
        Norms("post_attention_layernorm", "rms_ffn");
        MlpMatrices();
        Vector(ModelTensors.FinalNorm, "rms_final");

        // Two tables of rotary sines and cosines, context x head_dim/2 each, follow from the header.
        _position += 4L * _header.Context * _header.HeadDim;
        OutputMatrix();
    }

    private void PlaceVersioned()
    {
        Norms("input_layernorm", "rms_att");
        Norms("post_attention_layernorm", "rms_ffn");
        Vector(ModelTensors.FinalNorm, "rms_final");
        Matrix(ModelTensors.Embedding, "token_embedding", _header.Vocabulary, _header.Dim);
        AttentionMatrices();
        MlpMatrices();
        OutputMatrix();
    }

    private void OutputMatrix()
    {
        if (!_header.Tied)
        {
            Matrix(ModelTensors.Output, "wcls", _header.Vocabulary, _header.Dim);
        }
    }

    private void AttentionMatrices()
    {
        var (dim, keys) = (_header.Dim, _header.KvDim);
        OfEachLayer("self_attn.q_proj", "wq", dim, dim, _queryRows);
        OfEachLayer("self_attn.k_proj", "wk", keys, dim, _keyRows);
        OfEachLayer("self_attn.v_proj", "wv", keys, dim);
        OfEachLayer("self_attn.o_proj", "wo", dim, dim);
    }

    private void MlpMatrices()
    {
        OfEachLayer("mlp.gate_proj", "w1", _header.Hidden, _header.Dim);
        OfEachLayer("mlp.down_proj", "w2", _header.Dim, _header.Hidden);
        OfEachLayer("mlp.up_proj", "w3", _header.Hidden, _header.Dim);
    }

    private void OfEachLayer(string name, string stored, int rows, int columns, int[]? order = null)
    {
        for (var layer = 0; layer < _header.Layers; layer++)
        {
            Matrix(
                $"model.layers.{layer}.{name}.weight",
                $"{stored}.{layer}",
                rows,
                columns,
                order
            );
        }
    }

    private void Norms(string name, string stored)
    {
        for (var layer = 0; layer < _header.Layers; layer++)
        {
            Vector($"model.layers.{layer}.{name}.weight", $"{stored}.{layer}");
        }
    }

    private void Vector(string name, string stored) =>
        Mapped(name, stored, [_header.Dim], _header.Dim, null);

    private void Matrix(string name, string stored, int rows, int columns, int[]? order = null)
    {
        var elements = (long)rows * columns;
        if (_decoded is null)
        {
            Mapped(name, stored, [rows, columns], elements, order);
            return;
        }

        var target = _decoded.Span.Slice(_decodedPosition, elements);
        Decode(stored, elements, target);
        _decodedPosition += elements;
        _tensors.Add(
            new StoredTensor
            {
                Name = name,
                StoredName = stored,
                Format = WeightFormats.F32,
                Shape = [rows, columns],
                Data = target.Cast<byte>(),
                RowOrder = order,

                // The decoded copy belongs to this object; the file's pages were given back after decoding.
                GiveBack = static () => { },
            }
        );
    }

    private void Mapped(string name, string stored, long[] shape, long elements, int[]? order)
    {
        var offset = _position;
        var length = elements * sizeof(float);
        _position += length;
        _tensors.Add(
            new StoredTensor
            {
                Name = name,
                StoredName = stored,
                Format = WeightFormats.F32,
                Shape = shape,
                Data = _file.Bytes.Slice(offset, length),
                RowOrder = order,
                GiveBack = () => _file.GiveBack(offset, length),
            }
        );
    }

    /// <summary>value = code * scale of its group.</summary>
    private void Decode(string stored, long elements, NativeSpan<float> target)
    {
        var start = _position;
        var codes = _file.Bytes.Slice(start, elements).Cast<sbyte>();
        var scales = _file.Bytes.Slice(start + elements, elements / _header.GroupSize * 4);
        for (long group = 0; group < elements / _header.GroupSize; group++)
        {
            var scale = BinaryPrimitives.ReadSingleLittleEndian(scales.Slice(group * 4, 4).Span);
            if (!float.IsFinite(scale))
            {
                throw new InputException(
                    $"'{Path}' is damaged: matrix '{stored}' has a scale that is no finite number."
                );
            }

            var first = group * _header.GroupSize;
            var part = codes.Slice(first, _header.GroupSize).Span;
            var values = target.Slice(first, _header.GroupSize).Span;
            for (var index = 0; index < part.Length; index++)
            {
                values[index] = part[index] * scale;
            }
        }

        _position = start + elements + scales.Length;
        _file.GiveBack(start, elements + scales.Length);
    }
}
