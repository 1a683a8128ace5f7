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
internal sealed class Llama2cModelFile : IModelFile
{
    private const float NormEpsilon = 1e-5f;
    private const int DecodedAtOnce = 1 << 20;

    private readonly InputFile _file;
    private readonly Llama2cHeader _header;
    private readonly NativeBuffer<float>? _decoded;
    private readonly Dictionary<string, ParameterSpec> _specs;
    private readonly int[] _queryRows;
    private readonly int[] _keyRows;
    private readonly List<StoredTensor> _tensors = [];
    private long _position;
    private long _decodedPosition;

    private Llama2cModelFile(InputFile file, Llama2cHeader header)
    {
        _file = file;
        _header = header;
        _position = header.DataOffset;
        _queryRows = RotaryRows.Interleaved(header.Heads, header.HeadDim);
        _keyRows = RotaryRows.Interleaved(header.KvHeads, header.HeadDim);
        var config = new ModelConfig
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
        ModelConfigRules.Require(file.Path, config);
        Plan = LayerPlan.FromConfig(config);
        _specs = Plan.Parameters().ToDictionary(spec => spec.Name, StringComparer.Ordinal);
        if (header.Version == 2)
        {
            var elements = _specs.Values.Where(spec => spec.IsMatrix).Sum(spec => spec.Elements);
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
    public LayerPlan Plan { get; }

    /// <inheritdoc/>
    public ModelConfig Config => Plan.Config;

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

    internal static Llama2cModelFile Read(InputFile file, Llama2cHeader header)
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

            RequiredTensors.Check(file.Path, model.Plan, model.Tensors, _ => false);
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
        Matrix(Modules.Embedding, "token_embedding");
        Norms(Modules.AttentionNorm, "rms_att");
        AttentionMatrices();
        Norms(Modules.MlpNorm, "rms_ffn");
        MlpMatrices();
        Vector(Modules.FinalNorm, "rms_final");

        // Two tables of rotary sines and cosines, context x head_dim/2 each, follow from the header.
        _position += 4L * _header.Context * _header.HeadDim;
        OutputMatrix();
    }

    private void PlaceVersioned()
    {
        Norms(Modules.AttentionNorm, "rms_att");
        Norms(Modules.MlpNorm, "rms_ffn");
        Vector(Modules.FinalNorm, "rms_final");
        Matrix(Modules.Embedding, "token_embedding");
        AttentionMatrices();
        MlpMatrices();
        OutputMatrix();
    }

    private void OutputMatrix()
    {
        if (!_header.Tied)
        {
            Matrix(Modules.Head, "wcls");
        }
    }

    private void AttentionMatrices()
    {
        OfEachLayer(Modules.Query, "wq", _queryRows);
        OfEachLayer(Modules.Key, "wk", _keyRows);
        OfEachLayer(Modules.Value, "wv");
        OfEachLayer(Modules.AttentionOutput, "wo");
    }

    private void MlpMatrices()
    {
        OfEachLayer(Modules.Gate, "w1");
        OfEachLayer(Modules.Down, "w2");
        OfEachLayer(Modules.Up, "w3");
    }

    private void OfEachLayer(string module, string stored, int[]? order = null)
    {
        for (var layer = 0; layer < _header.Layers; layer++)
        {
            Matrix(Modules.OfLayer(layer, module), $"{stored}.{layer}", order);
        }
    }

    private void Norms(string module, string stored)
    {
        for (var layer = 0; layer < _header.Layers; layer++)
        {
            Vector(Modules.OfLayer(layer, module), $"{stored}.{layer}");
        }
    }

    private void Vector(string module, string stored) =>
        Stored(_specs[module + ".weight"], stored, null);

    // The file tells the order of the tensors, the plan what shape each has.
    private void Matrix(string module, string stored, int[]? order = null)
    {
        var spec = _specs[module + ".weight"];
        var elements = spec.Elements;
        if (_decoded is null)
        {
            Stored(spec, stored, order);
            return;
        }

        var target = _decoded.Span.Slice(_decodedPosition, elements);
        Decode(stored, elements, target);
        _decodedPosition += elements;
        _tensors.Add(
            new StoredTensor
            {
                Name = spec.Name,
                StoredName = stored,
                Format = WeightFormats.F32,
                Shape = spec.Shape,
                Data = new MemoryBytes(target.Cast<byte>()),
                RowOrder = order,
            }
        );
    }

    private void Stored(ParameterSpec spec, string stored, int[]? order)
    {
        var offset = _position;
        var length = spec.Elements * sizeof(float);
        _position += length;
        _tensors.Add(
            new StoredTensor
            {
                Name = spec.Name,
                StoredName = stored,
                Format = WeightFormats.F32,
                Shape = spec.Shape,
                Data = new FileBytes(_file, offset, length),
                RowOrder = order,
            }
        );
    }

    /// <summary>value = code * scale of its group.</summary>
    private void Decode(string stored, long elements, NativeSpan<float> target)
    {
        var start = _position;
        var groups = elements / _header.GroupSize;
        var step = (int)Math.Clamp(DecodedAtOnce / _header.GroupSize, 1, groups);
        var codes = new byte[step * _header.GroupSize];
        var scales = new byte[step * sizeof(float)];
        for (long first = 0; first < groups; first += step)
        {
            var count = (int)Math.Min(step, groups - first);
            var values = target.Slice(first * _header.GroupSize, count * _header.GroupSize).Span;
            _file.Read(start + first * _header.GroupSize, codes.AsSpan(0, values.Length));
            _file.Read(
                start + elements + first * sizeof(float),
                scales.AsSpan(0, count * sizeof(float))
            );
            for (var group = 0; group < count; group++)
            {
                var part = group * _header.GroupSize;
                DecodeGroup(
                    stored,
                    codes.AsSpan(part, _header.GroupSize),
                    BinaryPrimitives.ReadSingleLittleEndian(scales.AsSpan(group * sizeof(float))),
                    values.Slice(part, _header.GroupSize)
                );
            }
        }

        _position = start + elements + groups * sizeof(float);
    }

    private void DecodeGroup(
        string stored,
        ReadOnlySpan<byte> codes,
        float scale,
        Span<float> values
    )
    {
        if (!float.IsFinite(scale))
        {
            throw new InputException(
                $"'{Path}' is damaged: matrix '{stored}' has a scale that is no finite number."
            );
        }

        for (var index = 0; index < codes.Length; index++)
        {
            values[index] = (sbyte)codes[index] * scale;
        }
    }
}
