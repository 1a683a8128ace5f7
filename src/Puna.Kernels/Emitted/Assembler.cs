using System.Buffers.Binary;

namespace Puna.Kernels.Emitted;

/// <summary>
/// Encodes the few x86-64 instructions that the emitted kernels are made of. Vector instructions have the EVEX form
/// with 512 bits and no mask; see "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 2, 2.7.
/// </summary>
internal sealed class Assembler
{
    // The groups of opcodes ("maps"), and the prefix that belongs to an opcode.
    private const int Map0F = 1;
    private const int Map0F38 = 2;
    private const int Map0F3A = 3;
    private const int NoPrefix = 0;
    private const int Prefix66 = 1;
    private const int VectorBytes = 64;
    private const int TableBytes = 16;
    private const int ElementBytes = 4;
    private byte[] _code = new byte[8192];

    /// <summary>The instructions so far.</summary>
    public ReadOnlySpan<byte> Code => _code.AsSpan(0, Position);

    /// <summary>Where the next instruction will be.</summary>
    public int Position { get; private set; }

    /// <summary>vmovups: reads 16 lanes.</summary>
    public void Load(Zmm target, Address source) =>
        Vector(Map0F, NoPrefix, 0x10, target, default, source, VectorBytes);

    /// <summary>vmovups: writes 16 lanes.</summary>
    public void Store(Address target, Zmm source) =>
        Vector(Map0F, NoPrefix, 0x11, source, default, target, VectorBytes);

    /// <summary>vpbroadcastd: reads four bytes into every lane.</summary>
    public void Broadcast(Zmm target, Address source) =>
        Vector(Map0F38, Prefix66, 0x58, target, default, source, ElementBytes);

    /// <summary>vpxord of a register with itself: zero.</summary>
    public void Clear(Zmm target) => Xor(target, target, target);

    /// <summary>vpbroadcastd of a general register's lower half.</summary>
    public void Broadcast(Zmm target, Register source) =>
        Vector(Map0F38, Prefix66, 0x7C, target, default, new Zmm((int)source));

    /// <summary>vbroadcasti32x4: reads 16 bytes into every quarter.</summary>
    public void BroadcastTable(Zmm target, Address source) =>
        Vector(Map0F38, Prefix66, 0x5A, target, default, source, TableBytes);

    /// <summary>vpandd.</summary>
    public void And(Zmm target, Zmm left, Zmm right) =>
        Vector(Map0F, Prefix66, 0xDB, target, left, right);

    /// <summary>vpxord.</summary>
    public void Xor(Zmm target, Zmm left, Zmm right) =>
        Vector(Map0F, Prefix66, 0xEF, target, left, right);

    /// <summary>vpternlogd: target |= value &amp; mask.</summary>
    public void OrMasked(Zmm target, Zmm value, Zmm mask)
    {
        Vector(Map0F3A, Prefix66, 0x25, target, value, mask);
        Byte(0xF8);
    }

    /// <summary>vpsrld: shifts lanes right, zeros come in.</summary>
    public void ShiftRight(Zmm target, Zmm source, int count)
    {
        Vector(Map0F, Prefix66, 0x72, new Zmm(2), target, source);
        Byte(count);
    }

    /// <summary>vpslld: shifts lanes left.</summary>
    public void ShiftLeft(Zmm target, Zmm source, int count)
    {
        Vector(Map0F, Prefix66, 0x72, new Zmm(6), target, source);
        Byte(count);
    }

    /// <summary>vpshufb: table[index] for each byte, in each quarter; indices are below 16.</summary>
    public void Lookup(Zmm target, Zmm table, Zmm indices) =>
        Vector(Map0F38, Prefix66, 0x00, target, table, indices);

    /// <summary>vpdpbusd: each lane of sum gains the four products of unsigned codes with signed factors.</summary>
    public void DotBytes(Zmm sum, Zmm codes, Zmm factors) =>
        Vector(Map0F38, Prefix66, 0x50, sum, codes, factors);

    /// <summary>vcvtdq2ps: 32-bit integers to floats, rounded to nearest.</summary>
    public void ToFloats(Zmm target, Zmm source) =>
        Vector(Map0F, NoPrefix, 0x5B, target, default, source);

    /// <summary>vmulps: target = left * right.</summary>
    public void Multiply(Zmm target, Zmm left, Zmm right) =>
        Vector(Map0F, NoPrefix, 0x59, target, left, right);

    /// <summary>vfmadd132ps: value = value * factor + addend, rounded once.</summary>
    public void MultiplyAdd(Zmm value, Address factor, Zmm addend) =>
        Vector(Map0F38, Prefix66, 0x98, value, addend, factor, VectorBytes);

    /// <summary>vfmadd231ps: sum = left * right + sum, rounded once.</summary>
    public void AddProduct(Zmm sum, Zmm left, Address right) =>
        Vector(Map0F38, Prefix66, 0xB8, sum, left, right, VectorBytes);

    /// <summary>vzeroupper: leaves the vector registers as code without wide vectors wants to find them.</summary>
    public void ZeroUpper() => Bytes(0xC5, 0xF8, 0x77);

    /// <summary>ret.</summary>
    public void Return() => Byte(0xC3);

    /// <summary>mov of 64 bits.</summary>
    public void Move(Register target, Register source) =>
        Bytes(Rex(source, target), 0x89, RegisterForm((int)source, (int)target));

    /// <summary>mov of 64 bits from memory.</summary>
    public void Move(Register target, Address source)
    {
        Bytes(Rex(target, source.Base), 0x8B);
        Memory((int)target, source, 1);
    }

    /// <summary>mov of a constant.</summary>
    public void Move(Register target, long value)
    {
        Bytes(Rex(0, target), 0xB8 | ((int)target & 7));
        Four((int)value);
        Four((int)(value >> 32));
    }

    /// <summary>prefetcht0: asks for a line that will be read.</summary>
    public void Prefetch(Address source)
    {
        Bytes(Rex(0, source.Base), 0x0F, 0x18);
        Memory(1, source, 1);
    }

    /// <summary>add of 64 bits.</summary>
    public void Add(Register target, int value) => Immediate(0, target, value);

    /// <summary>sub of 64 bits.</summary>
    public void Subtract(Register target, int value) => Immediate(5, target, value);

    /// <summary>Jumps back to an earlier <see cref="Position"/>.</summary>
    public void JumpBack(Condition condition, int position) =>
        Link(JumpForward(condition), position);

    /// <summary>Jumps to a place that <see cref="Bind"/> will name with the value returned here.</summary>
    public int JumpForward(Condition condition)
    {
        Bytes(0x0F, 0x80 | (int)condition);
        Four(0);
        return Position;
    }

    /// <summary>Makes a jump lead to the present position.</summary>
    public void Bind(int jump) => Link(jump, Position);

    private static int Rex(Register register, Register @base) =>
        0x48 | ((int)register >> 3 << 2) | ((int)@base >> 3);

    private static int RegisterForm(int register, int other) =>
        0xC0 | ((register & 7) << 3) | (other & 7);

    private void Link(int jump, int position) =>
        BinaryPrimitives.WriteInt32LittleEndian(_code.AsSpan(jump - 4), position - jump);

    private void Immediate(int operation, Register target, int value)
    {
        var small = value is >= sbyte.MinValue and <= sbyte.MaxValue;
        Bytes(Rex(0, target), small ? 0x83 : 0x81, RegisterForm(operation, (int)target));
        if (small)
        {
            Byte(value & 255);
        }
        else
        {
            Four(value);
        }
    }

    /// <summary>An instruction of three registers; the second is 0 where the instruction has but two.</summary>
    private void Vector(int map, int prefix, int opcode, Zmm first, Zmm second, Zmm third)
    {
        Evex(map, prefix, opcode, first.Number, second.Number, third.Number);
        Byte(RegisterForm(first.Number, third.Number));
    }

    /// <summary>An instruction whose third operand is memory of <paramref name="unit"/> bytes.</summary>
    private void Vector(
        int map,
        int prefix,
        int opcode,
        Zmm first,
        Zmm second,
        Address third,
        int unit
    )
    {
        Evex(map, prefix, opcode, first.Number, second.Number, (int)third.Base);
        Memory(first.Number, third, unit);
    }

    /// <summary>
    /// A memory operand and the register beside it. A displacement that is a whole number of units takes one byte if
    /// that number does.
    /// </summary>
    private void Memory(int register, Address address, int unit)
    {
        var (units, rest) = Math.DivRem(address.Displacement, unit);
        var small = rest == 0 && units is >= sbyte.MinValue and <= sbyte.MaxValue;

        // Registers 5 and 13 have no form without a displacement, 4 and 12 only one with a byte for an index.
        var low = (int)address.Base & 7;
        var mode =
            address.Displacement == 0 && low != 5 ? 0
            : small ? 1
            : 2;
        Byte((mode << 6) | ((register & 7) << 3) | low);
        if (low == 4)
        {
            Byte(0x24);
        }

        if (mode == 1)
        {
            Byte(units & 255);
        }
        else if (mode == 2)
        {
            Four(address.Displacement);
        }
    }

    /// <summary>
    /// The prefix of 512-bit instructions and the opcode. The upper bits of register numbers are stored inverted; bit 4
    /// of the third lies where memory operands have their index, of which there is none: a base register is below 16.
    /// </summary>
    private void Evex(int map, int prefix, int opcode, int first, int second, int third)
    {
        Byte(0x62);
        Byte(
            (~first >> 3 & 1) << 7
                | (~third >> 4 & 1) << 6
                | (~third >> 3 & 1) << 5
                | (~first >> 4 & 1) << 4
                | map
        );
        Byte((~second & 15) << 3 | 4 | prefix);
        Byte(0x40 | (~second >> 4 & 1) << 3);
        Byte(opcode);
    }

    private void Bytes(int first, int second)
    {
        Byte(first);
        Byte(second);
    }

    private void Bytes(int first, int second, int third)
    {
        Byte(first);
        Byte(second);
        Byte(third);
    }

    private void Four(int value)
    {
        Bytes(value, value >> 8);
        Bytes(value >> 16, value >> 24);
    }

    private void Byte(int value)
    {
        if (Position == _code.Length)
        {
            Array.Resize(ref _code, 2 * _code.Length);
        }

        _code[Position++] = (byte)value;
    }
}
