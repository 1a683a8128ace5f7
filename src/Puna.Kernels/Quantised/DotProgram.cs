using System.Numerics;
using System.Runtime.CompilerServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Emitted;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;

namespace Puna.Kernels.Quantised;

/// <summary>
/// Writes the inner loops of the int8 product of a chunk, for one or two groups of 16 rows, around the instruction
/// vpdpbusd. The codes of 32 columns are unpacked into registers once for all tokens; each quad of activations is read
/// once for all groups. Rounding follows the law of <see cref="BlockProduct"/>, so results equal the managed ones bit
/// for bit.
/// </summary>
/// <remarks>
/// The function has the System V convention and takes a <see cref="DotArguments"/>. It calls nothing and needs no stack.
/// Vector registers: 0 to 15 hold codes, 16 to 27 integer sums and, before them, what unpacking needs, 28 to 31 what
/// lives shortly. Methods are compiled without optimisation: they run once, and optimising them takes 6 ms.
/// </remarks>
internal sealed unsafe class DotProgram
{
    private const int Quads = 8;
    private const int RowBytes = PackedMatrix.RowGroup * sizeof(float);
    private const int GroupSumBytes = ActivationRows.TileRows * RowBytes;
    private const int GroupTableBytes = ChunkScales.Floats * sizeof(float);

    // Bytes of codes to ask for ahead of their use when a matrix streams from memory.
    private const int Ahead = 4096;

    // Chains of dependent instructions that are interleaved: two start in a cycle and each takes four, and a few more
    // than that keep the processor from waiting.
    private const int Chains = 12;
    private const int FirstSum = 16;
    private const int FirstBrief = FirstSum + Chains;

    private const Register Arguments = Register.Rdi;
    private const Register Codes = Register.R8;
    private const Register CodesSecond = Register.R9;
    private const Register Table = Register.Rsi;
    private const Register Activations = Register.Rdx;
    private const Register Sums = Register.Rcx;
    private const Register Tokens = Register.R11;
    private const Register SubBlocks = Register.Rdi;
    private const Register Left = Register.R10;

    // Sums of the present token; before, what unpacking needs.
    private const Register Target = Register.Rax;

    private readonly Assembler _assembler;
    private readonly DotKind _kind;
    private readonly CodePlanes _planes;
    private readonly int _groups;
    private int _brief;

    private DotProgram(Assembler assembler, DotKind kind, CodePlanes planes, int groups)
    {
        _assembler = assembler;
        _kind = kind;
        _planes = planes;
        _groups = groups;
    }

    private int Halves => _kind == DotKind.UnsignedHalves ? 2 : 1;

    private int SubBlockBytes => (_planes.Bits + _planes.UpperBits) * RowBytes;

    /// <summary>Appends the function for a layout and one or two groups.</summary>
    public static void Write(Assembler assembler, DotKind kind, CodePlanes planes, int groups) =>
        new DotProgram(assembler, kind, planes, groups).Write();

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private void Write()
    {
        ReadArguments();
        var subBlock = _assembler.Position;
        for (var group = 0; group < _groups; group++)
        {
            WriteUnpacking(group);
        }

        _assembler.Move(Target, Sums);
        _assembler.Move(Left, Tokens);
        // As many tokens at a time as there are sums for, and what is left in powers of two.
        var count = Chains / (_groups * Halves);
        while (count > 0)
        {
            _assembler.Subtract(Left, count);
            var fewer = _assembler.JumpForward(Condition.Less);
            var loop = _assembler.Position;
            WriteTokens(count);
            _assembler.JumpBack(Condition.NotLess, loop);
            _assembler.Bind(fewer);
            _assembler.Add(Left, count);
            count = (int)BitOperations.RoundUpToPowerOf2((uint)count) / 2;
        }

        for (var group = 0; group < _groups; group++)
        {
            _assembler.Add(CodesOf(group), SubBlockBytes);
        }

        _assembler.Add(Table, Halves * RowBytes);
        _assembler.Subtract(SubBlocks, 1);
        _assembler.JumpBack(Condition.NotZero, subBlock);
        _assembler.ZeroUpper();
        _assembler.Return();
    }

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private void ReadArguments()
    {
        // In the order of the fields, all of eight bytes; the last takes the place of the pointer to them.
        ReadOnlySpan<Register> fields =
        [
            Codes,
            CodesSecond,
            Table,
            Activations,
            Sums,
            Tokens,
            SubBlocks,
        ];
        for (var field = 0; field < fields.Length; field++)
        {
            _assembler.Move(fields[field], new Address(Arguments, field * sizeof(long)));
        }
    }

    /// <summary>Eight quads of byte codes of a group; signed codes get 128 added.</summary>
    [MethodImpl(MethodImplOptions.NoOptimization)]
    private void WriteUnpacking(int group)
    {
        var mask = new Zmm(FirstSum);
        for (var word = 0; word < _planes.Bits + _planes.UpperBits; word++)
        {
            _assembler.Prefetch(new Address(CodesOf(group), Ahead + word * RowBytes));
        }

        var perWord = Quads / _planes.Bits;
        if (perWord > 1)
        {
            Constant(mask, 0x01010101 * ((1 << _planes.Bits) - 1));
        }

        for (var word = 0; word < _planes.Bits; word++)
        {
            if (perWord == 1)
            {
                _assembler.Load(Code(group, word), Word(group, word));
                continue;
            }

            var source = new Zmm(FirstSum + 1 + word % 4);
            _assembler.Load(source, Word(group, word));
            for (var inner = 0; inner < perWord; inner++)
            {
                // Nibbles of a word are four quads apart, crumbs are neighbours.
                var code = Code(group, perWord == 2 ? word + 4 * inner : 4 * word + inner);
                if (inner > 0)
                {
                    _assembler.ShiftRight(code, source, inner * _planes.Bits);
                }

                _assembler.And(code, inner > 0 ? code : source, mask);
            }
        }

        if (_planes.UpperBits > 0)
        {
            WriteUpperBits(group, mask);
        }

        if (_planes.Table != 0)
        {
            _assembler.Move(Target, _planes.Table);
            _assembler.BroadcastTable(mask, new Address(Target, 0));
            for (var quad = 0; quad < Quads; quad++)
            {
                _assembler.Lookup(Code(group, quad), mask, Code(group, quad));
            }
        }

        if (_kind == DotKind.Signed)
        {
            Constant(mask, unchecked((int)0x80808080));
            for (var quad = 0; quad < Quads; quad++)
            {
                _assembler.Xor(Code(group, quad), Code(group, quad), mask);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private void WriteUpperBits(int group, Zmm mask)
    {
        var upper = _planes.UpperBits;
        var perWord = Quads / upper;
        Constant(mask, (0x01010101 * ((1 << upper) - 1)) << _planes.Bits);
        for (var quad = 0; quad < Quads; quad++)
        {
            var word = new Zmm(FirstSum + 1 + quad / perWord);
            var moved = new Zmm(FirstSum + 3 + quad % 4);
            if (quad % perWord == 0)
            {
                _assembler.Load(word, Word(group, _planes.Bits + quad / perWord));
            }

            var right = quad % perWord * upper - _planes.Bits;
            if (right > 0)
            {
                _assembler.ShiftRight(moved, word, right);
            }
            else if (right < 0)
            {
                _assembler.ShiftLeft(moved, word, -right);
            }

            _assembler.OrMasked(Code(group, quad), right == 0 ? word : moved, mask);
        }
    }

    /// <summary>Some tokens; leaves the flags of the tokens that are left.</summary>
    [MethodImpl(MethodImplOptions.NoOptimization)]
    private void WriteTokens(int count)
    {
        for (var token = 0; token < count; token++)
        {
            WriteStart(token);
        }

        var perHalf = Quads / Halves;
        for (var step = 0; step < perHalf; step++)
        {
            for (var token = 0; token < count; token++)
            {
                for (var half = 0; half < Halves; half++)
                {
                    var quad = half * perHalf + step;
                    var factors = new Zmm(FirstBrief + _brief++ % 4);
                    _assembler.Broadcast(factors, Activation(token, 4 * quad));
                    for (var group = 0; group < _groups; group++)
                    {
                        _assembler.DotBytes(Sum(token, half, group), Code(group, quad), factors);
                    }
                }
            }
        }

        for (var token = 0; token < count; token++)
        {
            WriteEnd(token);
        }

        _assembler.Add(Activations, count * ActivationBlock.Size);
        _assembler.Add(Target, count * RowBytes);
        _assembler.Subtract(Left, count);
    }

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private void WriteStart(int token)
    {
        for (var half = 0; half < Halves; half++)
        {
            for (var group = 0; group < _groups; group++)
            {
                var sum = Sum(token, half, group);
                if (_kind == DotKind.Signed)
                {
                    _assembler.Broadcast(
                        sum,
                        Activation(token, ActivationBlock.ByteOffsetPosition)
                    );
                }
                else
                {
                    _assembler.Clear(sum);
                }
            }
        }
    }

    /// <summary>sum = fma(float(dot) * x.Scale, scale, sum); sum = fma(minimum, x.ScaledSum, sum), half by half.</summary>
    [MethodImpl(MethodImplOptions.NoOptimization)]
    private void WriteEnd(int token)
    {
        var factor = new Zmm(FirstBrief);
        var scaledSum = new Zmm(FirstBrief + 1);
        _assembler.Broadcast(factor, Activation(token, ActivationBlock.ScalePosition));
        for (var half = 0; half < Halves; half++)
        {
            if (_kind != DotKind.Signed)
            {
                _assembler.Broadcast(
                    scaledSum,
                    Activation(
                        token,
                        _kind == DotKind.Unsigned
                            ? ActivationBlock.ScaledSumPosition
                            : ActivationBlock.ScaledSumFirstPosition + half * sizeof(float)
                    )
                );
            }

            for (var group = 0; group < _groups; group++)
            {
                var value = Sum(token, half, group);
                var before = half > 0 ? Sum(token, 0, group) : new Zmm(FirstBrief + 2 + group);
                var entry = group * GroupTableBytes + half * RowBytes;
                _assembler.ToFloats(value, value);
                _assembler.Multiply(value, value, factor);
                if (half == 0)
                {
                    _assembler.Load(before, Result(token, group));
                }

                _assembler.MultiplyAdd(value, new Address(Table, entry), before);
                if (_kind != DotKind.Signed)
                {
                    _assembler.AddProduct(
                        value,
                        scaledSum,
                        new Address(Table, entry + ChunkScales.Minima * sizeof(float))
                    );
                }

                if (half == Halves - 1)
                {
                    _assembler.Store(Result(token, group), value);
                }
            }
        }
    }

    private static Register CodesOf(int group) => group == 0 ? Codes : CodesSecond;

    private static Zmm Code(int group, int quad) => new(group * Quads + quad);

    private static Address Word(int group, int word) => new(CodesOf(group), word * RowBytes);

    private static Address Activation(int token, int offset) =>
        new(Activations, token * ActivationBlock.Size + offset);

    private static Address Result(int token, int group) =>
        new(Target, group * GroupSumBytes + token * RowBytes);

    private Zmm Sum(int token, int half, int group) =>
        new(FirstSum + (token * Halves + half) * _groups + group);

    private void Constant(Zmm target, int lane)
    {
        _assembler.Move(Target, (uint)lane);
        _assembler.Broadcast(target, Target);
    }
}
